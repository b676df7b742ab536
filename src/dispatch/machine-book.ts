/**
 * The records of machines. Carries out the policy's commands that are about machines, and tells the stream of platform events what happens to them.
 *
 * Owns: a record of each machine, from the command to start it until nothing of it is left.
 */
import type { Fleet, MachineEnd, StartOrder } from "../fleet/fleet.ts";
import type { Clock } from "../base/clock/clock.ts";
import type { MachineId, PolicyCommand } from "../policy/policy.ts";
import type { EndReason } from "../policy/reasons.ts";
import type { EventStream } from "../telemetry/event-stream.ts";
import type { EventOfMachine } from "../telemetry/platform-event.ts";
import type { DispatcherOptions, MachineRow } from "./live-dispatcher.ts";
import type { LivePart } from "./live-revisions.ts";
import { MachineRecord } from "./machine-record.ts";
import { clauseOfReason } from "./sentences.ts";
import type { ServedParts } from "./served-parts.ts";
import { Serving } from "./serving.ts";

type StartCommand = Extract<PolicyCommand, { type: "start" }>;
type BindCommand = Extract<PolicyCommand, { type: "bind" }>;

export class MachineBook {
  readonly #options: Pick<DispatcherOptions, "fleet" | "clock" | "snapshots" | "insight">;
  readonly #fleet: Fleet;
  readonly #clock: Clock;
  readonly #events: EventStream;
  readonly #parts: ServedParts;
  readonly #serving: Serving;
  readonly #records = new Map<MachineId, MachineRecord>();
  /** The end of the last machine that belonged to no app and did not come up. */
  lastStartFailure: MachineEnd | null = null;

  constructor(options: DispatcherOptions, events: EventStream, parts: ServedParts) {
    this.#options = options;
    this.#fleet = options.fleet;
    this.#clock = options.clock;
    this.#events = events;
    this.#parts = parts;
    this.#serving = new Serving(options.serving ?? (() => undefined));
  }

  get(machine: MachineId): MachineRecord {
    return this.#records.get(machine) as MachineRecord;
  }

  all(): MapIterator<MachineRecord> {
    return this.#records.values();
  }

  nameOf(machine: MachineId): string {
    return this.#records.get(machine)?.name ?? String(machine);
  }

  /** Whether one of the parts has a machine. */
  areOf(parts: readonly string[]): boolean {
    return this.all().some(({ part }) => part !== null && parts.includes(part));
  }

  areOfApp(app: string): boolean {
    return this.all().some((record) => record.app === app);
  }

  /** How many machines are bound to the parts, and take calls. */
  boundTo(parts: readonly string[]): number {
    const isBound = ({ id, part, draining }: MachineRecord) =>
      part !== null && parts.includes(part) && !draining && this.#fleet.view(id)?.phase === "bound";
    return this.all().filter(isBound).toArray().length;
  }

  rows(): MachineRow[] {
    const rows: MachineRow[] = [];
    for (const record of this.all()) {
      const view = this.#fleet.view(record.id);
      if (view !== undefined) rows.push(record.row(view, record.part === null ? 0 : this.#slotsOf(record.part)));
    }
    return rows;
  }

  #slotsOf(part: string): number {
    return this.#options.insight?.slotsOf(part) ?? this.#parts.get(part)?.version.manifest.concurrency ?? 0;
  }

  start(order: StartCommand, now: number): void {
    const { machine } = order;
    const app = order.revision === null ? null : (this.#parts.get(order.revision)?.version.app ?? null);
    const record = new MachineRecord(machine, now, app);
    this.#records.set(machine, record);
    const kind = this.#parts.kinds.get(order.kind.key);
    const restores = order.snapshot === true ? this.#restores(order.revision as string, record, now) : undefined;
    this.#fleet.start(machine, { kind, urgent: order.urgent, ...(restores && { restores }) });
    record.name = this.#fleet.view(machine)?.name ?? "";
    this.#events.tell({ type: "machine-started", ...this.#factsOf(record), neededBy: app, kind, why: order.why });
    if (app !== null) this.#serving.begins(app);
  }

  /** What a machine that comes up bound is made of. If the snapshot went a moment ago, the start fails, and the policy hears of both. */
  #restores(id: string, record: MachineRecord, now: number): NonNullable<StartOrder["restores"]> {
    const part = this.#parts.get(id) as LivePart;
    const snapshot = this.#options.snapshots?.of(id) ?? { part: id, inputs: "" };
    record.snapshot = snapshot;
    record.blankAt = now;
    record.belongTo(part, now);
    return { version: part.version, snapshot };
  }

  bind({ machine, revision: id, why }: BindCommand, now: number): void {
    const record = this.get(machine);
    const part = this.#parts.get(id) as LivePart;
    const { version } = part;
    const { app, id: revision } = version;
    this.#events.tell({ type: "machine-binding", ...this.#factsOf(record), app, appName: version.manifest.name, revision, why });
    this.#serving.begins(app);
    record.belongTo(part, now);
    this.#fleet.bind(machine, version);
  }

  /** The machine gets no new work. */
  drain(record: MachineRecord, why: EndReason): void {
    record.draining = true;
    this.#events.tell({ type: "machine-draining", ...this.#factsOf(record), why });
  }

  kill(machine: MachineId, why: EndReason): void {
    const record = this.#records.get(machine);
    // Starts are not carried out after close(), so the machine may have no record.
    if (record !== undefined) this.#events.tell({ type: "machine-killed", ...this.#factsOf(record), why });
    this.#fleet.kill(machine, clauseOfReason(why));
  }

  cameUp(machine: MachineId, what: "blank" | "bound", now: number): void {
    const record = this.get(machine);
    record.cameUp(what, now);
    if (record.snapshot !== null) this.#options.snapshots?.tried(record.snapshot, true);
    this.#events.tell(record.cameUpEvent(what, this.#factsOf(record)));
  }

  /** Nothing of the machine is left. */
  remove(machine: MachineId, end: MachineEnd): MachineRecord {
    const record = this.get(machine);
    this.#records.delete(machine);
    this.#events.tell(record.endedEvent(end, this.#factsOf(record)));
    if (end.failed) this.#noteFailure(record, end);
    return record;
  }

  #noteFailure(record: MachineRecord, end: MachineEnd): void {
    if (record.snapshot !== null) this.#options.snapshots?.tried(record.snapshot, false);
    if (record.part === null) this.lastStartFailure = end;
    else this.#parts.noteFailure(record.part, end);
  }

  /** Tells which apps have no machine any more, nor a call in flight. */
  lookWhatIsServed(calls: Iterable<{ app: string }>): void {
    this.#serving.look(this.all(), calls);
  }

  /** The app was removed: another one may have its name. */
  orphan(app: string): void {
    for (const record of this.all()) if (record.app === app) record.orphaned = true;
  }

  #factsOf({ name: machine, app, startAt, invocations }: MachineRecord): EventOfMachine {
    return { at: this.#clock.wall(), machine, app, ageMs: this.#clock.now() - startAt, invocations };
  }
}
