/** For tests of any policy: a world that carries out the policy's commands, and fails on a command that breaks a rule. */
import assert from "node:assert/strict";
import type { OwnMachine } from "../machine-facts.ts";
import type { AppLimits, PolicyCommand, PolicyEvent, Step, TenantShare } from "../policy.ts";

export interface WorldMachine extends Pick<OwnMachine, "id" | "phase" | "revision" | "kind"> {
  urgent: boolean;
  running: Set<number>;
  /** The tenant whose app it was bound to. */
  tenant: string | undefined;
}

export abstract class PolicyWorld<State> {
  state: State;
  now = 0;
  wakeAt: number | null = null;
  /** Limits of the revisions that take calls. */
  readonly revisions = new Map<string, AppLimits>();
  readonly appOf = new Map<string, string>();
  /** What tenants may have, as the policy was told last. */
  readonly shares = new Map<string, TenantShare>();
  readonly machines = new Map<number, WorldMachine>();
  /** Revisions of the invocations that have no machine. */
  readonly waiting = new Map<number, string>();
  /** Machines of the invocations that have one. */
  readonly running = new Map<number, WorldMachine>();
  readonly rejected = new Map<number, string>();
  starts = 0;
  readonly #step: Step<State>;
  readonly #maxMachines: number;
  #lastInvocation = 0;

  /** @param maxMachines the most machines that the host may have */
  constructor(policy: { state: State; step: Step<State> }, maxMachines: number) {
    this.state = policy.state;
    this.#step = policy.step;
    this.#maxMachines = maxMachines;
  }

  /** The most invocations that the bound machine may be given. */
  protected abstract mostRunning(machine: WorldMachine, limits: AppLimits): number;

  /** The number of invocations with which the bound machine is full: while it has fewer, none of its revision's may wait. */
  protected abstract slotsOf(machine: WorldMachine, revision: string): number;

  /** Fails if the machine may not be bound. Called when its phase is `binding` already. */
  protected checkBind(_machine: WorldMachine): void {}

  send(event: PolicyEvent): PolicyCommand[] {
    const commands = this.#step(this.state, event, this.now);
    for (const command of commands) this.#obey(command);
    assert.ok(this.machines.size <= this.#maxMachines, "more machines than the host may have");
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
    if (limits.tenant !== undefined) this.shares.set(limits.tenant.id, limits.tenant);
    this.send({ type: "revision", revision, app, limits, inherits });
  }

  /** Revisions of the app that take calls, the oldest first. */
  liveOf(app: string): string[] {
    return [...this.revisions.keys()].filter((revision) => this.appOf.get(revision) === app);
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

  /** Ends the machine. Returns its invocations, which have no machine any more. */
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
        return this.#start(command);
      case "hasten":
        return this.#hasten(this.#machine(command.machine, "starting"));
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
        return this.#kill(this.#machine(command.machine, "starting", "blank", "binding", "bound", "draining"));
      case "wake":
        this.wakeAt = command.at;
    }
  }

  #hasten(machine: WorldMachine): void {
    assert.ok(!machine.urgent, "a machine was hastened that is urgent");
    machine.urgent = true;
  }

  #start({ machine: id, kind, urgent, revision, snapshot }: Extract<PolicyCommand, { type: "start" }>): void {
    assert.ok(!this.machines.has(id), "a machine id was used twice");
    this.starts++;
    const restored = snapshot === true;
    const machine: WorldMachine = { id, phase: "starting", urgent, revision: null, kind, running: new Set(), tenant: undefined };
    this.machines.set(id, machine);
    if (!restored) return;
    assert.equal(this.revisions.get(revision ?? "")?.snapshot, true, "a machine comes up bound though it cannot");
    this.#bind(machine, revision as string);
  }

  #bind(machine: WorldMachine, revision: string): void {
    assert.equal(machine.revision, null, "bound twice");
    assert.equal(machine.kind.key, this.revisions.get(revision)?.kind.key, "bound to a revision of another kind");
    machine.phase = "binding";
    machine.revision = revision;
    machine.tenant = this.revisions.get(revision)?.tenant?.id;
    this.#checkShare(machine.tenant);
    this.checkBind(machine);
  }

  #checkShare(tenant: string | undefined): void {
    const share = this.shares.get(tenant ?? "");
    if (share === undefined) return;
    const own = [...this.machines.values()].filter((machine) => machine.tenant === tenant);
    const sum = (of: (machine: WorldMachine) => number) => own.reduce((all, machine) => all + of(machine), 0);
    assert.ok(own.length <= (share.machines ?? Infinity), "more machines than the tenant may have");
    assert.ok(sum(({ kind }) => kind.memoryMb) <= (share.memoryMb ?? Infinity), "more memory than the tenant may have");
    assert.ok(sum(({ kind }) => kind.vcpus) <= (share.vcpus ?? Infinity), "more vCPUs than the tenant may have");
  }

  #assign(invocation: number, machine: WorldMachine): void {
    const revision = this.waiting.get(invocation);
    assert.ok(revision !== undefined, "assigned what was not waiting");
    assert.equal(machine.revision, revision, "a revision's invocation on another revision's machine");
    const most = this.mostRunning(machine, this.revisions.get(revision) as AppLimits);
    assert.ok(machine.running.size < most, "a machine over its concurrency");
    this.waiting.delete(invocation);
    machine.running.add(invocation);
    this.running.set(invocation, machine);
  }

  #kill(machine: WorldMachine): void {
    assert.ok(machine.running.size === 0 || !this.revisions.has(machine.revision ?? ""), "killed with work");
    machine.phase = "ending";
  }

  #machine(id: number, ...phases: WorldMachine["phase"][]): WorldMachine {
    const machine = this.machines.get(id);
    assert.ok(machine !== undefined, "a command for a machine that is gone");
    assert.ok(phases.includes(machine.phase), `a command for a machine that is ${machine.phase}, not ${phases.join(" or ")}`);
    return machine;
  }

  #checkNothingLiesIdle(): void {
    for (const machine of this.inPhase("draining")) assert.ok(machine.running.size > 0, "an empty draining machine is not killed");
    const hungry = new Set(this.waiting.values());
    for (const machine of this.inPhase("bound"))
      if (machine.revision !== null && hungry.has(machine.revision))
        assert.ok(machine.running.size >= this.slotsOf(machine, machine.revision), "waits beside a free slot");
  }
}
