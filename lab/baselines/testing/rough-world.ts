/** A world in which anything may happen to machines, at any time: it obeys a baseline's commands, and fails on one that breaks a rule. */
import assert from "node:assert/strict";
import type { MachinePhase } from "../../../src/policy/machine-facts.ts";
import type { AppLimits, OpaqueKind, PolicyCommand, PolicyEvent, Step } from "../../../src/policy/policy.ts";
import { createClassic } from "../classic.ts";
import type { HostLimits } from "../classic-state.ts";
import type { Rules } from "../rules.ts";

interface RoughMachine {
  id: number;
  phase: MachinePhase;
  app: string | null;
  kind: OpaqueKind;
  slots: number;
  running: Set<number>;
}

export class RoughWorld {
  now = 0;
  wakeAt = Infinity;
  readonly apps = new Map<string, AppLimits>();
  readonly machines = new Map<number, RoughMachine>();
  /** Invocation → app, while it has no machine. */
  readonly waiting = new Map<number, string>();
  readonly running = new Map<number, RoughMachine>();
  state: unknown;
  readonly step: Step<never>;
  readonly #host: HostLimits;
  #lastInvocation = 0;

  constructor(rules: Rules<unknown, unknown>, host: HostLimits) {
    const { state, step } = createClassic(rules, host);
    this.state = state;
    this.step = step;
    this.#host = host;
    this.send({ type: "tick" });
  }

  send(event: PolicyEvent): void {
    for (const command of this.step(this.state as never, event, this.now)) this.#obey(command);
    assert.ok(this.machines.size <= this.#host.maxMachines, "more machines than the host may have");
    for (const machine of this.machines.values()) {
      assert.ok(machine.phase !== "draining" || machine.running.size > 0, "an empty draining machine is not killed");
      const waits = machine.phase === "bound" && [...this.waiting.values()].includes(machine.app as string);
      assert.ok(!waits || machine.running.size >= machine.slots, "waits beside a free slot");
    }
  }

  setApp(app: string, limits: AppLimits): void {
    this.apps.set(app, limits);
    this.send({ type: "revision", revision: app, app, limits, inherits: null });
  }

  removeApp(app: string): void {
    this.apps.delete(app);
    this.send({ type: "revision-removed", revision: app });
    assert.ok(![...this.waiting.values()].includes(app), "a removed app still has work waiting");
  }

  arrive(app: string): void {
    const invocation = ++this.#lastInvocation;
    this.waiting.set(invocation, app);
    this.send({ type: "arrive", invocation, revision: app });
  }

  finish(invocation: number): void {
    this.running.get(invocation)?.running.delete(invocation);
    this.running.delete(invocation);
    this.send({ type: "finish", invocation });
  }

  abandon(invocation: number): void {
    this.waiting.delete(invocation);
    this.send({ type: "abandon", invocation });
  }

  /** The machine's start or bind is done. */
  comeUp(machine: RoughMachine): void {
    const starting = machine.phase === "starting";
    machine.phase = starting ? "blank" : "bound";
    this.send({ type: starting ? "blank" : "bound", machine: machine.id });
  }

  /** The machine is gone; what it ran is lost. */
  exit(machine: RoughMachine): void {
    this.machines.delete(machine.id);
    for (const invocation of machine.running) this.running.delete(invocation);
    this.send({ type: "exit", machine: machine.id, failed: machine.phase === "starting" || machine.phase === "binding" });
  }

  advance(ms: number): void {
    const until = this.now + ms;
    while (this.wakeAt <= until) {
      this.now = Math.max(this.now, this.wakeAt);
      this.wakeAt = Infinity;
      this.send({ type: "tick" });
    }
    this.now = until;
  }

  /** Lets everything that is under way succeed, and time pass, until nobody waits. */
  settle(): void {
    for (let round = 0; round < 10_000; round++) {
      const machine = this.inPhase("ending", "starting", "binding")[0];
      const invocation = this.running.keys().next().value;
      if (machine?.phase === "ending") this.exit(machine);
      else if (machine !== undefined) this.comeUp(machine);
      else if (invocation !== undefined) this.finish(invocation);
      else if (this.waiting.size > 0 && this.wakeAt < Infinity) this.advance(this.wakeAt - this.now);
      else return;
    }
    assert.fail("the policy does not come to rest");
  }

  inPhase(...phases: RoughMachine["phase"][]): RoughMachine[] {
    return [...this.machines.values()].filter(({ phase }) => phases.includes(phase));
  }

  #obey(command: PolicyCommand): void {
    switch (command.type) {
      case "start":
        assert.ok(!this.machines.has(command.machine), "a machine id was used twice");
        this.machines.set(command.machine, { ...command, id: command.machine, phase: "starting", app: null, slots: 0, running: new Set() });
        return;
      case "bind":
        return this.#bind(this.#machine(command.machine, "blank"), command.revision);
      case "assign":
        return this.#assign(command.invocation, this.#machine(command.machine, "bound"));
      case "reject":
        assert.ok(this.waiting.delete(command.invocation), "rejected what was not waiting");
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

  #bind(machine: RoughMachine, name: string): void {
    const limits = this.apps.get(name) as AppLimits;
    assert.equal(machine.kind.key, limits.kind.key, "bound to an app of another kind");
    Object.assign(machine, { phase: "binding", app: name, slots: limits.concurrency });
    const working = this.inPhase("binding", "bound").filter(({ app }) => app === name).length;
    assert.ok(working <= limits.maxMachines, "more machines than the app may have");
  }

  #assign(invocation: number, machine: RoughMachine): void {
    assert.equal(this.waiting.get(invocation), machine.app, "not waiting, or on another app's machine");
    assert.ok(machine.running.size < machine.slots, "a machine over its concurrency");
    this.waiting.delete(invocation);
    machine.running.add(invocation);
    this.running.set(invocation, machine);
  }

  #kill(machine: RoughMachine): void {
    assert.ok(machine.running.size === 0 || !this.apps.has(machine.app as string), "killed with work");
    machine.phase = "ending";
  }

  #machine(id: number, ...phases: RoughMachine["phase"][]): RoughMachine {
    const machine = this.machines.get(id);
    assert.ok(machine !== undefined, "a command for a machine that is gone");
    assert.ok(phases.includes(machine.phase), `a command for a machine that is ${machine.phase}, not ${phases.join(" or ")}`);
    return machine;
  }
}
