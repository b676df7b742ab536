/**
 * A study: every policy over every workload, once for each seed, and ours once more at each step of its knob; then compared.
 */
import { compare } from "../report/compare.ts";
import type { Report, WorkloadResult } from "../report/report.ts";
import type { Worth } from "../simulator.ts";
import type { Job } from "./job.ts";
import { type MachineName, machineModels } from "./machines.ts";
import { kindOf } from "./policies.ts";
import { createPool, type Pool } from "./pool.ts";
import { isOfConcurrency, isSynthetic, nameOf, type Source } from "./source.ts";
import type { WorkloadRuns } from "../report/runs.ts";

export interface Study {
  sources: Source[];
  policies: string[];
  seeds: number[];
  worth: Worth;
  machine: MachineName;
  /** Steps of the knob, besides where it stands. */
  frontier: number[];
}

/** @param step is told what begins */
export async function runStudy(study: Study, step: (text: string) => void): Promise<Report> {
  const pool = createPool();
  try {
    const workloads: WorkloadResult[] = [];
    for (const [at, source] of study.sources.entries()) {
      const name = nameOf(study.sources, at);
      step(`simulating ${name}`);
      workloads.push(compare({ name, ...(await runSource(study, source, pool)) }, study.worth));
    }
    const { seeds, machine, worth } = study;
    return { report: "mayfly-simulation", version: 1, seeds, machine: { name: machine, ...machineModels[machine] }, worth, workloads };
  } finally {
    await pool.close();
  }
}

async function runSource(study: Study, source: Source, pool: Pool): Promise<Omit<WorkloadRuns, "name">> {
  const { policies, seeds } = study;
  const plan = planOf(study);
  const runs = await pool.runAll(plan.flatMap((entry) => jobsOf(study, source, entry)));
  const outcomesOf = ({ policy, waitWorth }: PlanEntry) => {
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
    policies: policies.map((policy) => ({ policy, kind: kindOf(policy), runs: outcomesOf({ policy, waitWorth: study.worth.wait }) })),
    frontier: stepsOf(study).map((entry) => ({ waitWorth: entry.waitWorth, runs: outcomesOf(entry) })),
  };
}

/** What is run with every seed. */
interface PlanEntry {
  policy: string;
  waitWorth: number;
}

/** A step at which the knob stands anyway is not run twice. */
function planOf(study: Study): PlanEntry[] {
  const { wait } = study.worth;
  return [
    ...study.policies.map((policy) => ({ policy, waitWorth: wait })),
    ...stepsOf(study).filter(({ waitWorth }) => waitWorth !== wait),
  ];
}

/** Where the knob stands is one of them. */
function stepsOf({ policies, frontier, worth }: Study): PlanEntry[] {
  if (!policies.includes("mayfly")) return [];
  const steps = [...new Set([...frontier, worth.wait])].toSorted((a, b) => a - b);
  return steps.map((waitWorth) => ({ policy: "mayfly", waitWorth }));
}

function jobsOf({ seeds, worth, machine }: Study, source: Source, { policy, waitWorth }: PlanEntry): Job[] {
  return seeds.map((seed, at) => {
    const series = at === 0 && waitWorth === worth.wait && withSeries.has(policy);
    return { source, seed, policy, waitWorth, worth, machine, series };
  });
}

/** Drawn over time on the page, ours first. */
const withSeries = new Set(["mayfly", "fixed-10min", "kpa"]);
