/**
 * What the laboratory adds to a simulation: other platforms' policies, an oracle, the targets that our policy is to reach, and a page with plots.
 * The laboratory is the folder `lab/` beside `src/`. It is loaded by its path, and only if it exists, so that the product runs without it.
 */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Report, Verdict } from "./report/report.ts";
import type { WorkloadRuns } from "./report/runs.ts";
import type { SimulationOptions } from "./simulate.ts";
import type { Outcome, Workload } from "./simulator.ts";

export interface Laboratory {
  /** The policies, in the order in which reports show them. */
  readonly policies: readonly LaboratoryPolicy[];
  /** Judges the runs of one workload. Returns no verdicts if Mayfly's policy did not run. */
  readonly judge: Judge;
  /** Parts of the text report that follow the tables of the workloads; empty if nothing was judged. */
  readonly verdictInText: (report: Report) => string[];
  /**
   * Installs the npm packages that draw the page, unless they are installed. Rejects with "missing-part" if npm cannot install them.
   * @param step is called with the name of each step when it begins
   */
  readonly install: (step: (text: string) => void) => Promise<void>;
  /** Returns the report as one HTML page. `install` must have been called before. */
  readonly page: (report: Report) => Promise<string>;
}

export interface LaboratoryPolicy {
  name: string;
  /** A `limit` is not a policy that could run live: it knows the future. */
  kind: "baseline" | "limit";
  /** Whether the report has the course of its run over time. */
  withCourse?: boolean;
  run: (workload: Workload, options: SimulationOptions) => Outcome;
}

/** Judges the runs of one workload. @param waitWorth cost of a second of a caller's wait in the study, GB-seconds */
export type Judge = (runs: WorkloadRuns, waitWorth: number) => Verdict[];

const entry = new URL("../../lab/laboratory.ts", import.meta.url);

/** Resolves with undefined if there is no folder `lab/`. */
export async function openLaboratory(): Promise<Laboratory | undefined> {
  if (!existsSync(fileURLToPath(entry))) return undefined;
  const { laboratory } = (await import(entry.href)) as { laboratory: Laboratory };
  return laboratory;
}
