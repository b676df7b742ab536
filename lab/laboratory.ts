/** Everything that `mayfly simulate` uses of the laboratory, in one object. */
import type { Laboratory, LaboratoryPolicy } from "../src/simulator/laboratory.ts";
import { simulate } from "../src/simulator/simulate.ts";
import type { SimulatedPolicy } from "../src/simulator/simulator.ts";
import { baselines } from "./baselines/baselines.ts";
import { oracle } from "./oracle/oracle.ts";
import { installPackages } from "./page/packages.ts";
import { judge } from "./targets/targets.ts";
import { verdictInText } from "./targets/text.ts";

/** Policies whose course is drawn beside that of Mayfly's policy: the most usual rule, and the most usual autoscaler. */
const drawn: ReadonlySet<string> = new Set(["fixed-10min", "kpa"]);

export const laboratory: Laboratory = {
  policies: [{ name: "oracle", kind: "limit", run: oracle }, ...baselines.map(asBaseline)],
  judge,
  verdictInText,
  install: installPackages,
  async page(report) {
    const { reportPage } = await import("./page/page.ts");
    return reportPage(report);
  },
};

function asBaseline(policy: SimulatedPolicy): LaboratoryPolicy {
  const { name } = policy;
  return { name, kind: "baseline", withCourse: drawn.has(name), run: (workload, options) => simulate(workload, policy, options) };
}
