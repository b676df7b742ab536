/** The world of a baseline, in which a machine has as many slots as its app's `concurrency` was when the machine was bound. */
import assert from "node:assert/strict";
import type { AppLimits } from "../../../src/policy/policy.ts";
import { PolicyWorld, type WorldMachine } from "../../../src/policy/testing/policy-world.ts";
import { createClassic } from "../classic.ts";
import type { ClassicState, HostLimits } from "../classic-state.ts";
import type { Rules } from "../rules.ts";

export class ClassicWorld extends PolicyWorld<ClassicState> {
  readonly #slots = new Map<number, number>();

  constructor(rules: Rules<unknown, unknown>, host: HostLimits) {
    super(createClassic(rules, host), host.maxMachines);
    this.send({ type: "tick" });
  }

  protected override checkBind({ id, revision }: WorldMachine): void {
    const limits = this.revisions.get(revision as string) as AppLimits;
    this.#slots.set(id, limits.concurrency);
    const working = this.inPhase("binding", "bound").filter((machine) => machine.revision === revision).length;
    assert.ok(working <= limits.maxMachines, "more machines than the app may have");
  }

  protected override mostRunning(machine: WorldMachine): number {
    return this.#slots.get(machine.id) as number;
  }

  protected override slotsOf(machine: WorldMachine): number {
    return this.mostRunning(machine);
  }
}
