/**
 * A study runs every policy over every workload, once for each seed, and our policy once more at each step of its knob. Then it compares the runs.
 */
import type { Laboratory } from "../laboratory.ts";
import { compare } from "../report/compare.ts";
import type { Report, WorkloadResult } from "../report/report.ts";
import type { Worth } from "../simulator.ts";
import type { Job } from "./job.ts";
import { type MachineName, machineModels } from "./machines.ts";
import { comparedPolicies, type ComparedPolicy } from "./policies.ts";
import { createPool, type Pool } from "./pool.ts";
import { isOfConcurrency, isSynthetic, nameOf, type Source } from "./source.ts";
import type { WorkloadRuns } from "../report/runs.ts";

export interface Study {
  sources: Source[];
  /** Names of the policies. */
  policies: string[];
  seeds: number[];
  worth: Worth;
  machine: MachineName;
  /** Steps of the knob, beside its position in `worth`. */
  frontier: number[];
}

/**
 * @param step is called with the name of each step when it begins
 * @param laboratory has the other policies and the targets; if absent, only our policy can be simulated
 */
export async function runStudy(study: Study, step: (text: string) => void, laboratory?: Laboratory): Promise<Report> {
  const all = comparedPolicies(laboratory);
  const policies = study.policies.map((name) => all.find((policy) => policy.name === name)!);
  const pool = createPool();
  try {
    const workloads: WorkloadResult[] = [];
    for (const [at, source] of study.sources.entries()) {
      const name = nameOf(study.sources, at);
      step(`simulating ${name}`);
      workloads.push(compare({ name, ...(await runSource({ ...study, policies }, source, pool)) }, study.worth, laboratory?.judge));
    }
    const { seeds, machine, worth } = study;
    return { report: "mayfly-simulation", version: 1, seeds, machine: { name: machine, ...machineModels[machine] }, worth, workloads };
  } finally {
    await pool.close();
  }
}

/** A study whose policies were found by their names. */
type PlannedStudy = Omit<Study, "policies"> & { policies: ComparedPolicy[] };

async function runSource(study: PlannedStudy, source: Source, pool: Pool): Promise<Omit<WorkloadRuns, "name">> {
  const { policies, seeds } = study;
  const plan = planOf(study);
  const runs = await pool.runAll(plan.flatMap((entry) => jobsOf(study, source, entry)));
  const outcomesOf = (policy: ComparedPolicy, waitWorth: number) => {
    const at = plan.findIndex((entry) => entry.policy === policy && entry.waitWorth === waitWorth) * seeds.length;
    return runs.slice(at, at + seeds.length).map(({ outcome }) => outcome);
  };
  const { apps, live, outcome } = runs[0]!;
  return {
    description: isSynthetic(source) ? "synthetic" : outcome.workload,
    rivals: !isOfConcurrency(source),
    synthetic: isSynthetic(source),
    apps,
    live: live ?? null,
    policies: policies.map((policy) => ({ policy: policy.name, kind: policy.kind, runs: outcomesOf(policy, study.worth.wait) })),
    frontier: stepsOf(study).map(({ policy, waitWorth }) => ({ waitWorth, runs: outcomesOf(policy, waitWorth) })),
  };
}

/** A policy and a position of the knob, run with every seed. */
interface PlanEntry {
  policy: ComparedPolicy;
  waitWorth: number;
}

/** A step that equals the position of the knob is not run twice. */
function planOf(study: PlannedStudy): PlanEntry[] {
  const { wait } = study.worth;
  return [
    ...study.policies.map((policy) => ({ policy, waitWorth: wait })),
    ...stepsOf(study).filter(({ waitWorth }) => waitWorth !== wait),
  ];
}

/** The steps of our policy; the position of the knob is one of them. */
function stepsOf({ policies, frontier, worth }: PlannedStudy): PlanEntry[] {
  const ours = policies.find(({ kind }) => kind === "ours");
  if (ours === undefined) return [];
  const steps = [...new Set([...frontier, worth.wait])].toSorted((a, b) => a - b);
  return steps.map((waitWorth) => ({ policy: ours, waitWorth }));
}

function jobsOf({ seeds, worth, machine }: PlannedStudy, source: Source, { policy, waitWorth }: PlanEntry): Job[] {
  return seeds.map((seed, at) => {
    const series = at === 0 && waitWorth === worth.wait && policy.withCourse === true;
    return { source, seed, policy: policy.name, waitWorth, worth, machine, series };
  });
}
