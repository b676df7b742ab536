/** Owns the living machines by the policy's number, the turns in which they start, and the timers that sample them. */
import type { MachineKind } from "../base/kind/machine-kind.ts";
import type { Version } from "../store/catalog/catalog.ts";
import type { MachineId } from "../policy/policy.ts";
import type { RequestHead, RequestSink, RequestStream } from "../wire/host-end.ts";
import { guarded } from "../base/errors/guarded.ts";
import { clauseWithOutput } from "../machines/exit.ts";
import type { Fleet, FleetEvents, FleetOptions, MachineView, StartOrder } from "./fleet.ts";
import { AppTurns } from "./app-turns.ts";
import { LiveMachine } from "./live-machine.ts";
import { StartTurns } from "./start-turns.ts";
import { ToldOnce } from "./told-once.ts";

/** A start takes the server's own thread for 10 ms, and a core for longer. So after a blank was roused, the bind and the call that are about to come go first. Milliseconds. */
const CALM_MS = 300;

export function createFleet(options: FleetOptions): Fleet {
  return new MachineFleet(options);
}

class MachineFleet implements Fleet {
  readonly #options: FleetOptions;
  readonly #turns: StartTurns;
  readonly #clones: AppTurns;
  readonly #machines = new Map<MachineId, LiveMachine>();
  readonly #stopTimers: () => void;
  readonly #reports = new ToldOnce();
  #events: FleetEvents | undefined;
  /** Until when machines that nobody waits for are not started. */
  #calmUntil = -Infinity;

  constructor(options: FleetOptions) {
    this.#options = options;
    const atOnce = options.concurrentStarts ?? 4;
    this.#turns = new StartTurns(atOnce);
    this.#clones = new AppTurns(atOnce);
    const stopSampling = options.clock.every(options.sampleMs ?? 5_000, () => this.sample());
    const stopReporting = options.clock.every(options.statsMs ?? 1_000, () => this.#reportLoad());
    const stopLooking = options.clock.every(options.napMs ?? 250, () => this.#lookForIdle());
    this.#stopTimers = () => {
      stopLooking();
      stopSampling();
      stopReporting();
    };
  }

  attach(events: FleetEvents): void {
    this.#events = events;
  }

  start(id: MachineId, order: StartOrder): void {
    const events = this.#events as FleetEvents;
    // Ids of invocations are made alike, without the letter: in a log nobody takes one for the other.
    const name = `m${this.#options.bootId}-${id.toString(36)}`;
    const machine = new LiveMachine(id, name, order, this.#options, events);
    this.#machines.set(id, machine);
    void this.#awaitEnd(id, machine);
    void machine.bringUp(this.#turns, this.#clones, order.urgent ? 0 : this.#calmUntil - this.#options.clock.now());
  }

  async #awaitEnd(id: MachineId, machine: LiveMachine): Promise<void> {
    const end = await machine.gone;
    if (machine.app === null && !end.asked) this.#options.report(`Machine ${machine.name} ended: ${clauseWithOutput(end)}.`);
    this.#events?.gone(id, end);
    this.#machines.delete(id);
  }

  hasten(id: MachineId): void {
    this.#machines.get(id)?.hasten();
  }

  rouse(kind: MachineKind, ms: number): void {
    this.#calmUntil = this.#options.clock.now() + CALM_MS;
    this.#machines
      .values()
      .find((machine) => machine.isBlankOf(kind))
      ?.rouse(ms);
  }

  bind(id: MachineId, version: Version): void {
    void this.#machines.get(id)?.bind(version);
  }

  request(id: MachineId, head: RequestHead, body: Buffer | null, end: boolean, sink: RequestSink): RequestStream | undefined {
    return this.#machines.get(id)?.request(head, body, end, sink);
  }

  kill(id: MachineId, why: string): void {
    this.#machines.get(id)?.kill(why);
  }

  checkAlive(id: MachineId, boundMs: number, blocked: () => string): void {
    void this.#machines.get(id)?.checkAlive(boundMs + this.#options.driver.traits.answerMs, blocked);
  }

  sample(): void {
    this.#each((machine) => machine.sample());
  }

  #reportLoad(): void {
    this.#each((machine, id) => {
      const stats = machine.load();
      if (stats !== undefined) this.#events?.stats(id, stats);
      const rest = machine.takeRest();
      if (rest !== undefined) this.#events?.rested(id, rest);
      machine.feelPulse();
    });
  }

  #lookForIdle(): void {
    this.#each((machine) => machine.lookWhetherIdle());
  }

  /** A machine that cannot be looked after keeps the host from looking after none of the others. */
  #each(look: (machine: LiveMachine, id: MachineId) => void): void {
    const failed = (error: unknown, { name }: LiveMachine) => this.#report(`Machine ${name} could not be looked after: ${String(error)}`);
    const guardedLook = guarded(look, failed);
    for (const [id, machine] of this.#machines) guardedLook(machine, id);
  }

  /** For what may happen several times a second. */
  #report(text: string): void {
    if (this.#reports.isDue(text, this.#options.clock.now())) this.#options.report(text);
  }

  view(id: MachineId): MachineView | undefined {
    return this.#machines.get(id)?.view();
  }

  async close(): Promise<void> {
    this.#stopTimers();
    const all = [...this.#machines.values()];
    for (const machine of all) machine.kill("Mayfly is shutting down");
    await Promise.all(all.map((machine) => machine.gone));
  }
}
