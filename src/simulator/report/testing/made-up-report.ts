import type { Judge } from "../../laboratory.ts";
import { compare } from "../compare.ts";
import type { Report } from "../report.ts";
import { madeUpWorkload } from "./made-up.ts";

const liveRun = { name: "<day>", description: "recorded run <day>", synthetic: false, live: { starts: 104, binds: 100 } };

export function madeUpReport(judge?: Judge): Report {
  const worth = { wait: 100, cpu: 5 };
  return {
    report: "mayfly-simulation",
    version: 1,
    seeds: [101, 102],
    machine: { name: "qemu", startMs: 200, bindMs: 30, startCpuMs: 195, bindCpuMs: 20, blankMb: 43, speed: 1 },
    worth,
    workloads: [compare(madeUpWorkload(), worth, judge), compare({ ...madeUpWorkload(), ...liveRun }, worth, judge)],
  };
}
