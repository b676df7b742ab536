import type { PackingState } from "../core/packing-state.ts";
import { fixed } from "./fixed.ts";
import { learned } from "./learned.ts";
import type { Rules } from "./rules.ts";

/** The only place that asks whether `idleMs` is set. */
export function rulesOf({ options }: PackingState): Rules {
  return options.idleMs === null ? learned : fixed;
}
