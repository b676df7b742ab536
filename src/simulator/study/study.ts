/**
 * A study: every policy over every workload, once for each seed, and ours once more at each step of its knob; then compared.
 */
import { compare, type WorkloadRuns } from "../report/compare.ts";
import type { Report, WorkloadResult } from "../report/report.ts";
import type { Worth } from "../simulator.ts";
import type { Job } from "./job.ts";
import { type MachineName, machineModels } from "./machines.ts";
import { kindOf } from "./policies.ts";
import { createPool, type Pool } from "./pool.ts";
import { isSynthetic, nameOf, type Source } from "./source.ts";

export interface Study {
  sources: Source[];
  policies: string[];
  seeds: number[];
  worth: Worth;
  machine: MachineName;
  /** Steps of the knob, ascending. */
  frontier: number[];
}

/** @param step is told what begins */
export async function runStudy(study: Study, step: (text: string) => void): Promise<Report> {
  const pool = createPool();
  try {
    const workloads: WorkloadResult[] = [];
    for (const source of study.sources) {
      step(`simulating ${nameOf(source)}`);
      workloads.push(compare(await runSource(study, source, pool), study.worth));
    }
    const { seeds, machine, worth } = study;
    return { report: "mayfly-simulation", version: 1, seeds, machine: { name: machine, ...machineModels[machine] }, worth, workloads };
  } finally {
    await pool.close();
  }
}

async function runSource(study: Study, source: Source, pool: Pool): Promise<WorkloadRuns> {
  const plan = [...study.policies.map((policy) => ({ policy, waitWorth: study.worth.wait })), ...frontierSteps(study)];
  const jobs = plan.flatMap(({ policy, waitWorth }, at) =>
    study.seeds.map((seed, first): Job => ({
      source,
      seed,
      policy,
      waitWorth,
      worth: study.worth,
      machine: study.machine,
      series: at < study.policies.length && first === 0 && withSeries.has(policy),
    })),
  );
  const runs = await pool.runAll(jobs);
  const outcomesOf = (at: number) => runs.slice(at * study.seeds.length, (at + 1) * study.seeds.length).map(({ outcome }) => outcome);
  const { apps, live, outcome } = runs[0]!;
  return {
    name: nameOf(source),
    description: isSynthetic(source) ? "synthetic" : outcome.workload,
    synthetic: isSynthetic(source),
    apps,
    live: live ?? null,
    policies: study.policies.map((policy, at) => ({ policy, kind: kindOf(policy), runs: outcomesOf(at) })),
    frontier: frontierSteps(study).map(({ waitWorth }, at) => ({ waitWorth, runs: outcomesOf(study.policies.length + at) })),
  };
}

/** Drawn over time on the page, ours first. */
const withSeries = new Set(["mayfly", "fixed-10min", "kpa"]);

function frontierSteps({ policies, frontier }: Study): { policy: string; waitWorth: number }[] {
  return policies.includes("mayfly") ? frontier.map((waitWorth) => ({ policy: "mayfly", waitWorth })) : [];
}
