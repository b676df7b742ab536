/**
 * Takes invocations from the doors to the machines. It carries out the policy's commands, and tells the policy what happens.
 *
 * Owns: the table of invocations, the deadlines, the wake-up timer. The rest has files of its own: which parts of revisions calls go to
 * (served-parts.ts), the records of machines (machine-book.ts), what becomes of late invocations (late-calls.ts).
 * 1. Every dispatched invocation gets exactly one of end or fail, unless its caller aborts it.
 * 2. The table holds exactly the invocations that wait for a slot or hold one.
 * 3. An invocation moves to another machine only while no byte of it was given to a channel.
 * 4. The policy is told of a machine's exit before it is told again of the invocations that the machine did not run.
 *
 * The file is long because every command and every event that is about an invocation goes through the table.
 */
import type { Fleet, MachineEnd } from "../fleet/fleet.ts";
import type { SnapshotKeeper } from "../fleet/snapshots/snapshot-keeper.ts";
import type { InvocationId, MachineId, MachineStats, PolicyCommand, PolicyEvent } from "../policy/policy.ts";
import type { EndReason } from "../policy/reasons.ts";
import type { ErrorDetails } from "../base/errors/error.ts";
import type { ErrorCode } from "../base/errors/table.ts";
import type { LogLevel } from "../wire/protocol.ts";
import { clauseOf } from "../machines/exit.ts";
import { endFacts, rejection } from "./app.ts";
import { Deadlines } from "./deadlines.ts";
import { DecisionLog } from "./decision-log.ts";
import { GuestLines } from "./guest-lines.ts";
import type { InvocationHandle, InvocationReply, InvocationRequest } from "./invocation.ts";
import { Invocation } from "./invocation-run.ts";
import type {
  Decision,
  ServedBeside,
  ServedTarget,
  DispatcherOptions,
  ExpectedCall,
  LiveDispatcher,
  MachineRow,
  Explanation,
} from "./live-dispatcher.ts";
import { LateCalls } from "./late-calls.ts";
import { MachineBook } from "./machine-book.ts";
import type { MachineRecord } from "./machine-record.ts";
import type { Version } from "../store/catalog/catalog.ts";
import { writePlatformLines } from "./platform-lines.ts";
import { partInWords, sentenceOfSnapshot, sentencesOfRevisions, withNames } from "./sentences.ts";
import { ServedParts } from "./served-parts.ts";
import { EventStream } from "../telemetry/event-stream.ts";
import type { EventOfInvocation } from "../telemetry/platform-event.ts";

const DRAIN_MS = 10_000;

/** The driver must be prepared, because the dispatcher asks the policy for its first machines at once. */
export function createDispatcher(options: DispatcherOptions): LiveDispatcher {
  return new PolicyDispatcher(options);
}

class PolicyDispatcher implements LiveDispatcher {
  readonly #options: DispatcherOptions;
  readonly #fleet: Fleet;
  readonly #deadlines: Deadlines;
  readonly #decisions: DecisionLog;
  readonly #lines: GuestLines;
  readonly #drainMs: number;
  readonly #events: EventStream;
  readonly #snapshots: SnapshotKeeper | undefined;
  readonly #table = new Map<InvocationId, Invocation>();
  readonly #parts: ServedParts;
  readonly #machines: MachineBook;
  readonly #late: LateCalls;
  readonly #idPrefix: string;
  #lastNumber = 0;
  /** When the policy was told of something last. */
  #toldAt = 0;
  #cancelWake = () => {};
  #closing: Promise<number> | undefined;
  #closed = false;
  #onEmpty = () => {};

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#idPrefix = `${options.bootId}-`;
    this.#fleet = options.fleet;
    this.#drainMs = options.drainMs ?? DRAIN_MS;
    this.#events = options.events ?? new EventStream(options.clock, () => undefined);
    this.#deadlines = new Deadlines(options.clock, (now) => this.#late.sweep(this.#table.values(), now));
    this.#decisions = new DecisionLog(this.#events);
    writePlatformLines(this.#events, options.logs);
    this.#parts = new ServedParts(options, this.#events, {
      tell: (event) => this.#tell(event),
      waiting: () => [...this.#table.values()].filter(({ waits }) => waits),
      drop: (invocation, code, details) => this.#drop(invocation, code, details),
      haveMachine: (parts) => this.#machines.areOf(parts),
    });
    this.#machines = new MachineBook(options, this.#events, this.#parts);
    this.#late = new LateCalls(options, this.#events, {
      tell: (event) => this.#tell(event),
      drop: (invocation, code, details) => this.#drop(invocation, code, details),
      finished: (invocation, at) => this.finished(invocation, at),
      factsOf: (invocation) => this.#ofInvocation(invocation),
      machines: () => this.#machines.all(),
    });
    this.#snapshots = options.snapshots;
    this.#snapshots?.attach({
      isIdle: () => this.#table.size === 0,
      made: (part, bytes, ms) => this.#parts.snapshotChanged(part, { type: "snapshot-made", bytes, ms }),
      lacks: (part, reason) => this.#parts.snapshotChanged(part, { type: "snapshot-lacking", reason }),
    });
    this.#lines = new GuestLines(options.logs, options.clock);
    this.#fleet.attach({
      blank: (id) => this.#machineUp(id, "blank"),
      bound: (id) => this.#machineUp(id, "bound"),
      stats: (id, stats) => this.#loaded(id, stats),
      rested: (id, cpu) => this.#tell({ type: "rested", machine: id, cpu }),
      dying: (id) => this.#tell({ type: "condemn", machine: id, because: "machine-ending" }),
      gone: (id, end) => this.#machineGone(id, end),
      traceOf: (id) => this.#machines.get(id).onlyInvocation?.trace,
      log: (id, stream, level, text) => this.#log(id, stream, level, text),
    });
    options.accounts?.watch((app) => this.#parts.admissionChanged(app));
    this.#tell({ type: "tick" });
  }

  dispatch(request: InvocationRequest, reply: InvocationReply): InvocationHandle {
    const now = this.#options.clock.now();
    const number = ++this.#lastNumber;
    const own = this.#options.tracing?.begin(request.trace);
    const invocation = new Invocation(this, number, request.id ?? this.#idPrefix + number.toString(36), request, reply, now, own);
    if (this.#events.hears("invocation-received")) this.#tellReceived(invocation, request);
    if (this.#closed || (this.#closing !== undefined && request.withinApp !== true)) {
      invocation.refuse("shutting-down", {});
      invocation.leave(now);
      return invocation;
    }
    const part = this.#parts.take(request);
    if (typeof part !== "string") {
      invocation.refuse(part.code, { ...part.details, app: request.appName });
      invocation.leave(now);
      return invocation;
    }
    invocation.part = part;
    this.#table.set(number, invocation);
    this.#deadlines.watch(invocation.deadline, now);
    this.#tell({ type: "arrive", invocation: number, revision: invocation.part }, now);
    if (this.#closing !== undefined && invocation.waits) {
      // No machine is started any more.
      this.abandoned(invocation);
      invocation.refuse("shutting-down", {});
    }
    return invocation;
  }

  expect(call: ExpectedCall, inMs: number): void {
    const part = this.#closing === undefined ? this.#parts.expected(call) : undefined;
    if (part !== undefined) this.#tell({ type: "expected", revision: part, inMs });
  }

  rouse(app: string, ms: number): void {
    const [first] = this.#parts.of(app);
    if (first !== undefined) this.#fleet.rouse(this.#parts.kinds.enter(first.version.manifest), ms);
  }

  point(app: string, targets: readonly ServedTarget[], more?: ServedBeside): void {
    this.#parts.point(app, targets, more);
  }

  isPinned(app: string, pin: string): boolean {
    return this.#parts.isPinned(app, pin);
  }

  pin(app: string, pin: string, revision: Version, reserved = 0): void {
    this.#parts.pin(app, pin, revision, reserved);
  }

  unpinIdle(app: string, idleMs: number): void {
    this.#parts.unpinIdle(app, idleMs);
  }

  boundTo(app: string, pin: string): number {
    return this.#machines.boundTo(this.#parts.pinned(app, pin));
  }

  renewApp(app: string): void {
    this.#parts.renewApp(app);
  }

  shareChanged(app: string): void {
    this.#parts.shareChanged(app);
  }

  rest(app: string, idleMs: number): boolean {
    return this.#parts.rest(app, idleMs, this.#machines.areOfApp(app));
  }

  isResting(app: string, revision: string, idleMs: number): boolean {
    return this.#parts.isResting(app, revision, idleMs);
  }

  removeApp(app: string): void {
    this.#machines.orphan(app);
    const live = this.#parts.removeApp(app);
    // The policy no longer knows the superseded revisions, so it would let their machines finish what they run.
    for (const { id, app: owner, part } of this.#machines.all())
      if (owner === app && !live.includes(part as string)) this.#machines.kill(id, { kind: "app-removed" });
  }

  machines(): MachineRow[] {
    return this.#machines.rows();
  }

  explain(app: string): Explanation {
    const nameOf = (machine: MachineId) => this.#machines.nameOf(machine);
    const { insight, clock } = this.#options;
    const parts = this.#parts.of(app);
    const apart = this.#parts.numberApart(app);
    const facts = parts.flatMap(({ id, version, runtime, weight }) => {
      const known = insight?.explain(id, clock.now());
      const about = { revision: version.id, number: version.number, weight, runtime };
      return known === undefined ? [] : [{ ...about, ...withNames(known, nameOf) }];
    });
    const snapshots = parts.flatMap(({ id, version, runtime }) =>
      sentenceOfSnapshot(partInWords(version.number, id === version.id ? null : runtime), this.#snapshots?.stateOf(id)),
    );
    const ids = apart === 0 ? [] : [`${apart} tenant ${apart === 1 ? "id has" : "ids have"} machines apart, or had some lately.`];
    return { now: [...sentencesOfRevisions(facts), ...snapshots, ...ids], facts, decisions: this.#decisions.of(app) };
  }

  explainMachine(name: string, sees: (app: string | null) => boolean): Decision[] {
    return this.#decisions.ofMachine(name, sees);
  }

  inFlight(): [app: string, calls: number][] {
    const counts = new Map<string, number>();
    for (const { app } of this.#table.values()) counts.set(app, (counts.get(app) ?? 0) + 1);
    return [...counts];
  }

  sample(): void {
    this.#fleet.sample();
  }

  close(graceMs: number): Promise<number> {
    this.#closing ??= Promise.resolve().then(() => this.#close(graceMs));
    return this.#closing;
  }

  async #close(graceMs: number): Promise<number> {
    for (const invocation of this.#table.values()) if (invocation.waits) this.#drop(invocation, "shutting-down", {});
    this.#endConnections(null, graceMs / 2, "shutting-down");
    await this.#untilEmpty(graceMs);
    this.#cancelWake();
    const frozen = this.#snapshots?.close();
    // From now on the policy gets no events, because it would replace every machine that ends.
    this.#closed = true;
    const cutOff = this.#cutOff(graceMs);
    await Promise.all([this.#fleet.close(), frozen]);
    this.#deadlines.close();
    return cutOff;
  }

  /** InvocationOwner: the invocation no longer holds a slot. */
  finished(invocation: Invocation, at: number): void {
    this.#forget(invocation, at);
    // The policy may have been told of something else since then, and its clock never goes back.
    this.#tell({ type: "finish", invocation: invocation.number }, Math.max(at, this.#toldAt));
  }

  /** InvocationOwner: the caller went away while the invocation waited. */
  abandoned(invocation: Invocation): void {
    this.#forget(invocation);
    this.#tell({ type: "abandon", invocation: invocation.number });
  }

  /** InvocationOwner: the caller knows the outcome, and the invocation no longer holds a slot. */
  ended(invocation: Invocation): void {
    if (this.#events.hears("invocation-ended"))
      this.#events.tellFrozen(invocation.endedEvent(this.#options.clock.wall(), this.#isGone(invocation)));
  }

  /** InvocationOwner: a connection has begun, or is to end earlier. */
  rescheduled(invocation: Invocation): void {
    const now = this.#options.clock.now();
    // It was not there yet when its machine was drained.
    if (invocation.machine?.draining === true) invocation.endConnectionAt(now + this.#drainMs, "connection-drained");
    this.#deadlines.watch(invocation.deadline, now);
  }

  now(): number {
    return this.#options.clock.now();
  }

  /** InvocationOwner. A machine that is new has not been looked at yet. */
  usedMb({ id }: MachineRecord): number {
    if ((this.#fleet.view(id)?.memoryBytes ?? 1) === 0) this.#fleet.sample();
    return Math.ceil((this.#fleet.view(id)?.memoryBytes ?? 0) / 1_048_576);
  }

  #ofInvocation(invocation: Invocation): EventOfInvocation {
    const { id, app, function: name, machine } = invocation;
    const appGone = this.#isGone(invocation);
    return { at: this.#options.clock.wall(), invocation: id, app, function: name, machine: machine?.name ?? null, appGone };
  }

  #isGone({ app, machine }: Invocation): boolean {
    return machine?.orphaned === true || !this.#parts.serves(app);
  }

  #tellReceived({ id: invocation, app, function: name }: Invocation, { input, attempt, trace }: InvocationRequest): void {
    const at = this.#options.clock.wall();
    this.#events.tell({ type: "invocation-received", at, invocation, app, function: name, kind: input.kind, attempt, trace });
  }

  #tell(event: PolicyEvent, now = this.#options.clock.now()): void {
    if (this.#closed) return;
    this.#toldAt = now;
    const commands = this.#options.policy(event, now);
    if (this.#events.hears("policy-stepped")) this.#events.tell({ type: "policy-stepped", now, event, commands });
    for (let i = 0; i < commands.length; i++) this.#obey(commands[i] as PolicyCommand, now);
  }

  #obey(command: PolicyCommand, now: number): void {
    switch (command.type) {
      case "assign":
        return this.#assign(command.invocation, command.machine, now);
      case "reject":
        return this.#reject(command.invocation, command.reason);
      case "start":
        return this.#closing === undefined ? this.#machines.start(command, now) : undefined;
      case "hasten":
        return this.#fleet.hasten(command.machine);
      case "bind":
        return this.#closing === undefined ? this.#machines.bind(command, now) : undefined;
      case "drain":
        return this.#drain(command.machine, command.why);
      case "kill":
        return this.#machines.kill(command.machine, command.why);
      case "wake":
        return this.#wake(command.at, now);
    }
  }

  #assign(number: InvocationId, machine: MachineId, now: number): void {
    const invocation = this.#table.get(number) as Invocation;
    const record = this.#machines.get(machine);
    record.inFlight++;
    record.invocations++;
    if (this.#events.hears("invocation-assigned")) {
      this.#events.tell({ type: "invocation-assigned", at: this.#options.clock.wall(), invocation: invocation.id, machine: record.name });
    }
    invocation.begin(this.#fleet, record, now);
    this.#deadlines.watch(invocation.deadline, now);
  }

  #reject(number: InvocationId, reason: Extract<PolicyCommand, { type: "reject" }>["reason"]): void {
    const invocation = this.#table.get(number) as Invocation;
    this.#forget(invocation);
    const [code, details] = rejection(reason, invocation.appName, this.#parts.get(invocation.part), this.#machines.lastStartFailure);
    invocation.refuse(code, details);
  }

  #drain(machine: MachineId, why: EndReason): void {
    const record = this.#machines.get(machine);
    this.#machines.drain(record, why);
    this.#endConnections(record, this.#drainMs, "connection-drained");
  }

  /** One after the other, so that their callers do not all connect again at once. @param machine null: those of all machines */
  #endConnections(machine: MachineRecord | null, withinMs: number, because: ErrorCode): void {
    const now = this.#options.clock.now();
    const all = [...this.#table.values()].filter((each) => each.connection !== null && (machine === null || each.machine === machine));
    for (const [at, invocation] of all.entries()) invocation.endConnectionAt(now + (withinMs * at) / all.length, because);
  }

  #wake(at: number, now: number): void {
    this.#cancelWake();
    this.#cancelWake = this.#options.clock.after(Math.max(0, at - now), () => this.#tell({ type: "tick" }));
  }

  #machineUp(machine: MachineId, what: "blank" | "bound"): void {
    const now = this.#options.clock.now();
    this.#machines.cameUp(machine, what, now);
    this.#tell({ type: what, machine }, now);
  }

  #loaded(machine: MachineId, stats: MachineStats): void {
    const record = this.#machines.get(machine);
    record.loopDelayMs = stats.loopDelayMs;
    if (!record.draining) this.#tell({ type: "stats", machine, stats });
  }

  #machineGone(machine: MachineId, end: MachineEnd): void {
    const record = this.#machines.remove(machine, end);
    const lost = [...this.#table.values()].filter((invocation) => invocation.machine === record);
    this.#tell({ type: "exit", machine, failed: end.failed });
    for (const invocation of lost) this.#machineLost(invocation, end);
    this.#machines.lookWhatIsServed(this.#table.values());
  }

  #machineLost(invocation: Invocation, end: MachineEnd): void {
    if (this.#closing === undefined && invocation.returnToQueue()) {
      // A revision that was superseded meanwhile gets no more machines, so the invocation moves to the app's next one.
      if (this.#parts.get(invocation.part) === undefined) {
        const place = this.#parts.again(invocation);
        if (typeof place !== "string") {
          this.#forget(invocation);
          return void invocation.fail(place.code, { ...place.details, app: invocation.appName });
        }
        invocation.part = place;
      }
      this.#tell({ type: "arrive", invocation: invocation.number, revision: invocation.part });
      return;
    }
    this.#forget(invocation);
    if (this.#closing !== undefined) invocation.fail("shutting-down", {});
    else invocation.fail("machine-died", { reason: clauseOf(end), app: invocation.appName, ...endFacts(end) });
  }

  /** Ends an invocation that has no machine. */
  #drop(invocation: Invocation, code: ErrorCode, details: ErrorDetails): void {
    this.abandoned(invocation);
    invocation.fail(code, details);
  }

  /** Fails the invocations that did not finish within the grace time of a stop. Returns how many callers were told so. */
  #cutOff(graceMs: number): number {
    let count = 0;
    for (const invocation of this.#table.values()) {
      this.#forget(invocation);
      if (!invocation.fail("shutting-down", {})) continue;
      count += 1;
      if (invocation.machine !== null) this.#events.tell({ type: "invocation-cut-off", ...this.#ofInvocation(invocation), graceMs });
    }
    return count;
  }

  #forget(invocation: Invocation, now = this.now()): void {
    this.#table.delete(invocation.number);
    if (invocation.machine !== null) this.#settle(invocation, invocation.machine);
    invocation.leave(now);
    if (this.#table.size === 0) this.#onEmpty();
  }

  #settle(invocation: Invocation, record: MachineRecord): void {
    record.inFlight--;
    record.forget(invocation);
  }

  #untilEmpty(graceMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(graceMs, resolve);
      this.#onEmpty = () => {
        cancel();
        resolve();
      };
      if (this.#table.size === 0) this.#onEmpty();
    });
  }

  #log(machine: MachineId, stream: number | null, level: LogLevel, text: string): void {
    const record = this.#machines.get(machine);
    const owner = stream === null ? record.onlyInvocation : stream === 0 ? undefined : record.invocationOn(stream);
    this.#lines.append(record, level, text, owner);
  }
}
