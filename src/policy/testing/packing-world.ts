/** For tests: a world that carries out the policy's commands, and fails on a command that breaks a rule. */
import assert from "node:assert/strict";
import { slotsOf } from "../explain.ts";
import type { OwnMachine } from "../machine-facts.ts";
import { createPackingPolicy, type PackingOptions } from "../packing.ts";
import type { AppLimits, OpaqueKind, PolicyCommand, PolicyEvent } from "../policy.ts";

export interface WorldMachine extends Pick<OwnMachine, "id" | "phase" | "revision" | "kind"> {
  running: Set<number>;
}

export class World {
  now = 0;
  wakeAt: number | null = null;
  readonly events: { now: number; event: PolicyEvent; commands: PolicyCommand[] }[] = [];
  /** Limits of the revisions that take calls. */
  readonly revisions = new Map<string, AppLimits>();
  readonly appOf = new Map<string, string>();
  readonly machines = new Map<number, WorldMachine>();
  /** Revisions of the invocations that have no machine. */
  readonly waiting = new Map<number, string>();
  /** Machines of the invocations that have one. */
  readonly running = new Map<number, WorldMachine>();
  readonly rejected = new Map<number, string>();
  starts = 0;
  readonly #options: PackingOptions;
  readonly #policy;
  #lastInvocation = 0;
  #lastRevision = 0;

  constructor(options: PackingOptions) {
    this.#options = options;
    this.#policy = createPackingPolicy(options);
  }

  get state() {
    return this.#policy.state;
  }

  send(event: PolicyEvent): PolicyCommand[] {
    const commands = this.#policy.step(this.#policy.state, event, this.now);
    this.events.push(structuredClone({ now: this.now, event, commands }));
    for (const command of commands) this.#obey(command);
    this.#checkLimits();
    this.#checkNothingLiesIdle();
    return commands;
  }

  /** Adds an app or changes its limits. Its first revision has the app's name. */
  setApp(app: string, limits: AppLimits): void {
    this.setRevision(app, app, limits);
  }

  setRevision(revision: string, app: string, limits: AppLimits, inherits: string | null = null): void {
    this.revisions.set(revision, limits);
    this.appOf.set(revision, app);
    this.send({ type: "revision", revision, app, limits, inherits });
  }

  /** Revisions of the app that take calls, the oldest first. */
  liveOf(app: string): string[] {
    return [...this.revisions.keys()].filter((revision) => this.appOf.get(revision) === app);
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

  removeApp(app: string): void {
    for (const revision of this.liveOf(app)) {
      this.revisions.delete(revision);
      this.send({ type: "revision-removed", revision });
      assert.ok(![...this.waiting.values()].includes(revision), "a removed revision still has work waiting");
    }
  }

  arrive(revision: string, invocation = ++this.#lastInvocation): number {
    this.waiting.set(invocation, revision);
    this.send({ type: "arrive", invocation, revision });
    return invocation;
  }

  finish(invocation: number): void {
    const machine = this.running.get(invocation) as WorldMachine;
    this.running.delete(invocation);
    machine.running.delete(invocation);
    this.send({ type: "finish", invocation });
  }

  abandon(invocation: number): void {
    this.waiting.delete(invocation);
    this.send({ type: "abandon", invocation });
  }

  /** Ends the start or the bind of the machine. */
  comeUp(machine: WorldMachine): void {
    const starting = machine.phase === "starting";
    machine.phase = starting ? "blank" : "bound";
    this.send({ type: starting ? "blank" : "bound", machine: machine.id });
  }

  /** Ends the machine. Its invocations are lost. */
  exit(machine: WorldMachine): number[] {
    const failed = machine.phase === "starting" || machine.phase === "binding";
    this.machines.delete(machine.id);
    for (const invocation of machine.running) this.running.delete(invocation);
    this.send({ type: "exit", machine: machine.id, failed });
    return [...machine.running];
  }

  advance(ms: number): void {
    const until = this.now + ms;
    while (this.wakeAt !== null && this.wakeAt <= until) {
      this.now = Math.max(this.now, this.wakeAt);
      this.wakeAt = null;
      this.send({ type: "tick" });
    }
    this.now = until;
  }

  /** Lets all starts, binds and invocations succeed until nothing changes any more. */
  settle(): void {
    for (let round = 0; round < 10_000; round++) {
      const machine = this.inPhase("ending", "starting", "binding")[0];
      const invocation = this.running.keys().next().value;
      if (machine?.phase === "ending") this.exit(machine);
      else if (machine !== undefined) this.comeUp(machine);
      else if (invocation !== undefined) this.finish(invocation);
      else if (this.waiting.size > 0 && this.wakeAt !== null) this.advance(this.wakeAt - this.now);
      else return;
    }
    assert.fail("the policy does not come to rest");
  }

  inPhase(...phases: WorldMachine["phase"][]): WorldMachine[] {
    return [...this.machines.values()].filter((machine) => phases.includes(machine.phase));
  }

  #obey(command: PolicyCommand): void {
    switch (command.type) {
      case "start":
        return this.#start(command.machine, command.kind);
      case "bind":
        return this.#bind(this.#machine(command.machine, "blank"), command.revision);
      case "assign":
        return this.#assign(command.invocation, this.#machine(command.machine, "bound"));
      case "reject":
        assert.ok(this.waiting.delete(command.invocation), "rejected what was not waiting");
        this.rejected.set(command.invocation, command.reason);
        return;
      case "drain":
        this.#machine(command.machine, "bound").phase = "draining";
        return;
      case "kill":
        this.#machine(command.machine, "starting", "blank", "binding", "bound", "draining").phase = "ending";
        return;
      case "wake":
        this.wakeAt = command.at;
    }
  }

  #start(id: number, kind: OpaqueKind): void {
    assert.ok(!this.machines.has(id), "a machine id was used twice");
    this.starts++;
    this.machines.set(id, { id, phase: "starting", revision: null, kind, running: new Set() });
  }

  #bind(machine: WorldMachine, revision: string): void {
    assert.equal(machine.revision, null, "bound twice");
    assert.equal(machine.kind.key, this.revisions.get(revision)?.kind.key, "bound to a revision of another kind");
    machine.phase = "binding";
    machine.revision = revision;
  }

  #assign(invocation: number, machine: WorldMachine): void {
    const revision = this.waiting.get(invocation);
    assert.ok(revision !== undefined, "assigned what was not waiting");
    assert.equal(machine.revision, revision, "a revision's invocation on another revision's machine");
    assert.ok(machine.running.size < (this.revisions.get(revision) as AppLimits).concurrency, "a machine over its concurrency");
    this.waiting.delete(invocation);
    machine.running.add(invocation);
    this.running.set(invocation, machine);
  }

  #machine(id: number, ...phases: WorldMachine["phase"][]): WorldMachine {
    const machine = this.machines.get(id);
    assert.ok(machine !== undefined, "a command for a machine that is gone");
    assert.ok(phases.includes(machine.phase), `a command for a machine that is ${machine.phase}, not ${phases.join(" or ")}`);
    return machine;
  }

  #checkLimits(): void {
    assert.ok(this.machines.size <= this.#options.maxMachines, "more machines than the host may have");
    for (const [revision, { maxMachines }] of this.revisions) {
      const app = this.appOf.get(revision) as string;
      const live = this.liveOf(app);
      const working = this.inPhase("binding", "bound").filter((machine) => live.includes(machine.revision ?? "")).length;
      const most = Math.max(maxMachines, ...live.map((each) => (this.revisions.get(each) as AppLimits).maxMachines));
      assert.ok(working <= most + live.length - 1, "more machines than the app may have");
      if (live.length === 1) assert.ok(working <= maxMachines, "more machines than the app may have");
    }
  }

  #checkNothingLiesIdle(): void {
    for (const machine of this.inPhase("draining")) assert.ok(machine.running.size > 0, "an empty draining machine is not killed");
    const hungry = new Set(this.waiting.values());
    for (const { revision, running } of this.inPhase("bound"))
      if (revision !== null && hungry.has(revision)) assert.ok(running.size >= slotsOf(this.state, revision), "waits beside a free slot");
  }
}
