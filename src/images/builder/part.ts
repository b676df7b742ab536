import type { ModuleInputs } from "./module-tree.ts";
import type { Step } from "./step-cache.ts";

/** A module, and its part of the root. */
export interface Part {
  inputs: ModuleInputs;
  step: Step;
}
