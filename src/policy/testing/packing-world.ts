/** For tests: the world of Mayfly's own policy, with deploys and revisions side by side, and a record of all steps. */
import assert from "node:assert/strict";
import type { PackingState } from "../core/packing-state.ts";
import { slotsOf } from "../explain.ts";
import { createPackingPolicy, type PackingOptions } from "../packing.ts";
import type { AppLimits, PolicyCommand, PolicyEvent } from "../policy.ts";
import { PolicyWorld, type WorldMachine } from "./policy-world.ts";

export type { WorldMachine } from "./policy-world.ts";

export class World extends PolicyWorld<PackingState> {
  readonly events: { now: number; event: PolicyEvent; commands: PolicyCommand[] }[] = [];
  #lastRevision = 0;

  constructor(options: PackingOptions) {
    super(createPackingPolicy(options), options.maxMachines);
  }

  override send(event: PolicyEvent): PolicyCommand[] {
    const { now } = this;
    const step = structuredClone({ now, event });
    const commands = super.send(event);
    this.events.push({ ...step, commands: structuredClone(commands) });
    this.#checkLimits();
    return commands;
  }

  /** Adds a revision that takes over from all others of the app. */
  deploy(app: string, limits: AppLimits): string {
    const old = this.liveOf(app);
    const revision = `${app}@${++this.#lastRevision}`;
    this.setRevision(revision, app, limits, old.at(-1) ?? null);
    for (const each of old) this.retire(each, revision);
    return revision;
  }

  /** Adds a revision beside the others. */
  addBeside(app: string, limits: AppLimits): string {
    const revision = `${app}@${++this.#lastRevision}`;
    this.setRevision(revision, app, limits, this.liveOf(app).at(-1) ?? null);
    return revision;
  }

  retire(revision: string, successor: string): void {
    this.revisions.delete(revision);
    for (const [invocation, waits] of this.waiting) if (waits === revision) this.waiting.set(invocation, successor);
    this.send({ type: "revision-retired", revision, successor });
    const working = this.inPhase("binding", "bound").filter((machine) => machine.revision === revision);
    assert.deepEqual(working, [], "a retired revision still has machines that take work");
  }

  protected override mostRunning(_machine: WorldMachine, { concurrency }: AppLimits): number {
    return concurrency;
  }

  protected override slotsOf(_machine: WorldMachine, revision: string): number {
    return slotsOf(this.state, revision);
  }

  #checkLimits(): void {
    for (const [revision, { maxMachines }] of this.revisions) {
      const app = this.appOf.get(revision) as string;
      const live = this.liveOf(app);
      const working = this.inPhase("binding", "bound").filter((machine) => live.includes(machine.revision ?? "")).length;
      const most = Math.max(maxMachines, ...live.map((each) => (this.revisions.get(each) as AppLimits).maxMachines));
      assert.ok(working <= most + live.length - 1, "more machines than the app may have");
      if (live.length === 1) assert.ok(working <= maxMachines, "more machines than the app may have");
    }
  }
}
