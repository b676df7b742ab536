import type { Report } from "../../src/simulator/report/report.ts";
import * as unjudged from "../../src/simulator/report/testing/made-up-report.ts";
import { judge } from "../targets/targets.ts";

/** The made-up report of the simulator's tests, with verdicts. */
export function madeUpReport(): Report {
  return unjudged.madeUpReport(judge);
}
