/**
 * What the laboratory adds to a simulation: other platforms' policies, an oracle, the targets that our policy is to reach, and a page with plots.
 * The laboratory is the folder `lab/` beside `src/`. It is loaded by its path, only where it is there, so that the product runs without it.
 */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Report, Verdict } from "./report/report.ts";
import type { WorkloadRuns } from "./report/runs.ts";
import type { SimulationOptions } from "./simulate.ts";
import type { Outcome, Workload } from "./simulator.ts";

export interface Laboratory {
  /** In the order of reports. */
  readonly policies: readonly LaboratoryPolicy[];
  /** Judges what one workload's runs reached. Nothing is judged where our policy did not run. */
  readonly judge: Judge;
  /** Parts of the text report, which follow the tables of the workloads. None where nothing was judged. */
  readonly verdictInText: (report: Report) => string[];
  /**
   * Installs the npm packages that the page is drawn with, unless they are there. Rejects with "missing-part" where npm cannot install them.
   * @param step is told what begins
   */
  readonly install: (step: (text: string) => void) => Promise<void>;
  /** The report as one HTML page. What `install` installs must be there. */
  readonly page: (report: Report) => Promise<string>;
}

export interface LaboratoryPolicy {
  name: string;
  /** `limit`: knows the future. */
  kind: "baseline" | "limit";
  /** The report has its course over time. */
  withCourse?: boolean;
  run: (workload: Workload, options: SimulationOptions) => Outcome;
}

/** @param waitWorth GB-seconds that a second of a caller's wait counts in the study */
export type Judge = (runs: WorkloadRuns, waitWorth: number) => Verdict[];

const entry = new URL("../../lab/laboratory.ts", import.meta.url);

/** Resolves with undefined where there is no folder `lab/`. */
export async function openLaboratory(): Promise<Laboratory | undefined> {
  if (!existsSync(fileURLToPath(entry))) return undefined;
  const { laboratory } = (await import(entry.href)) as { laboratory: Laboratory };
  return laboratory;
}
