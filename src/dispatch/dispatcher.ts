/**
 * Takes invocations from the doors to the machines. It carries out the policy's commands, and tells the policy what happens.
 *
 * Owns: the table of invocations, the records of machines, the deadlines, the wake-up timer.
 * 1. Every dispatched invocation gets exactly one of end or fail, unless its caller aborts it.
 * 2. The table holds exactly the invocations that wait for a slot or hold one.
 * 3. An invocation moves to another machine only while no byte of it was given to a channel.
 * 4. The policy is told of a machine's exit before it is told again of the invocations that the machine did not run.
 *
 * The file is long because every command and every event goes through the same two tables; what needs neither is in a file of its own.
 */
import { asksForSnapshot } from "../store/catalog/snapshot-of.ts";
import type { Fleet, MachineEnd, StartOrder } from "../fleet/fleet.ts";
import type { FrozenPart, SnapshotKeeper } from "../fleet/snapshots/snapshot-keeper.ts";
import type { InvocationId, MachineId, MachineStats, PolicyCommand, PolicyEvent } from "../policy/policy.ts";
import type { EndReason, NeedReason } from "../policy/reasons.ts";
import { soon } from "../base/clock/soon.ts";
import type { ErrorDetails } from "../base/errors/error.ts";
import type { ErrorCode } from "../base/errors/table.ts";
import type { LogLevel } from "../wire/protocol.ts";
import { type Accounts, noAccounts, type Refusal } from "../store/ledger/accounts.ts";
import { clauseOf } from "../machines/exit.ts";
import { keepsApart, problemOfTenantKey, TENANT_KEYS } from "../store/catalog/isolation.ts";
import { apartLimits, endFacts, limitsOf, rejection } from "./app.ts";
import { isAside, type LivePart, LiveRevisions } from "./live-revisions.ts";
import { Deadlines } from "./deadlines.ts";
import { DecisionLog } from "./decision-log.ts";
import { GuestLines } from "./guest-lines.ts";
import type { InvocationHandle, InvocationReply, InvocationRequest } from "./invocation.ts";
import { Invocation } from "./invocation-run.ts";
import type { ServedBeside, ServedTarget, DispatcherOptions, LiveDispatcher, MachineRow, Explanation } from "./live-dispatcher.ts";
import { KindBook } from "./kind-book.ts";
import { MachineRecord } from "./machine-record.ts";
import type { Version } from "../store/catalog/catalog.ts";
import { noMachineInTime } from "./no-machine.ts";
import { writePlatformLines } from "./platform-lines.ts";
import { clauseOfReason, partInWords, sentenceOfSnapshot, sentencesOfRevisions, withNames } from "./sentences.ts";
import { Serving } from "./serving.ts";
import { EventStream } from "../telemetry/event-stream.ts";
import type { EventOfInvocation, EventOfMachine, SnapshotLacking, SnapshotMade } from "../telemetry/platform-event.ts";

type SnapshotChange = Pick<SnapshotMade, "type" | "bytes" | "ms"> | Pick<SnapshotLacking, "type" | "reason">;
type StartCommand = Extract<PolicyCommand, { type: "start" }>;

/** The reason as the policy's commands have it: the part of a revision that needs a machine, which is a revision to the policy, and why. */
interface Reasoned {
  revision: string;
  why: NeedReason;
}

const GRACE_MS = 5_000;
const DRAIN_MS = 10_000;
const PING_MS = 2_000;
/** AWS Lambda gives the start of a function's code as long. */
const LOAD_MS = 10_000;

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
  readonly #graceMs: number;
  readonly #drainMs: number;
  readonly #accounts: Accounts;
  readonly #events: EventStream;
  readonly #serving: Serving;
  readonly #snapshots: SnapshotKeeper | undefined;
  readonly #table = new Map<InvocationId, Invocation>();
  readonly #machines = new Map<MachineId, MachineRecord>();
  readonly #revisions = new LiveRevisions();
  readonly #kinds: KindBook;
  /** The parts of revisions that lack what each of their machines needs, by id. No machine is started for them. */
  readonly #lacking = new Map<string, Refusal>();
  readonly #idPrefix: string;
  #lastNumber = 0;
  /** When the policy was told of something last. */
  #toldAt = 0;
  #lastStartFailure: MachineEnd | null = null;
  #cancelWake = () => {};
  #closing: Promise<number> | undefined;
  #closed = false;
  #onEmpty = () => {};

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#idPrefix = `${options.bootId}-`;
    this.#fleet = options.fleet;
    this.#graceMs = options.graceMs ?? GRACE_MS;
    this.#drainMs = options.drainMs ?? DRAIN_MS;
    this.#accounts = options.accounts ?? noAccounts;
    this.#events = options.events ?? new EventStream(options.clock, () => undefined);
    this.#deadlines = new Deadlines(options.clock, (now) => this.#sweep(now));
    this.#decisions = new DecisionLog(this.#events);
    writePlatformLines(this.#events, options.logs);
    this.#kinds = options.kinds ?? new KindBook("linux");
    this.#snapshots = options.snapshots;
    this.#snapshots?.attach({
      isIdle: () => this.#table.size === 0,
      made: (part, bytes, ms) => this.#snapshotChanged(part, { type: "snapshot-made", bytes, ms }),
      lacks: (part, reason) => this.#snapshotChanged(part, { type: "snapshot-lacking", reason }),
    });
    this.#serving = new Serving(options.serving ?? (() => undefined));
    this.#lines = new GuestLines(options.logs, options.clock);
    this.#fleet.attach({
      blank: (id) => this.#machineUp(id, "blank"),
      bound: (id) => this.#machineUp(id, "bound"),
      stats: (id, stats) => this.#loaded(id, stats),
      rested: (id, cpu) => this.#tell({ type: "rested", machine: id, cpu }),
      dying: (id) => this.#tell({ type: "condemn", machine: id, because: "machine-ending" }),
      gone: (id, end) => this.#machineGone(id, end),
      log: (id, stream, level, text) => this.#log(id, stream, level, text),
    });
    this.#accounts.watch((app) => this.#admissionChanged(app));
    this.#tell({ type: "tick" });
  }

  dispatch(request: InvocationRequest, reply: InvocationReply): InvocationHandle {
    const now = this.#options.clock.now();
    const number = ++this.#lastNumber;
    const invocation = new Invocation(this, number, request.id ?? this.#idPrefix + number.toString(36), request, reply, now);
    if (this.#events.hears("invocation-received")) this.#tellReceived(invocation, request);
    if (this.#closed || (this.#closing !== undefined && request.withinApp !== true)) {
      invocation.refuse("shutting-down", {});
      invocation.leave(now);
      return invocation;
    }
    const part = this.#partFor(request);
    const place = this.#revisions.isolates(request.app) ? this.#apart(part, request) : part;
    const refusal = this.#refusalOf(request.app, part) ?? (typeof place === "string" ? this.#accounts.take(request.app) : place);
    if (refusal !== undefined) {
      invocation.refuse(refusal.code, { ...refusal.details, app: request.appName });
      invocation.leave(now);
      return invocation;
    }
    invocation.part = place as string;
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

  /** Empty if what the call names is not there. */
  #partFor({ app, function: name, branch, key, pin }: Pick<InvocationRequest, "app" | "function" | "branch" | "key" | "pin">): string {
    return pin === undefined ? this.#revisions.next(app, name, branch, key) : this.#revisions.pinned(app, name, pin);
  }

  /** The part that serves the tenant id of the call, which is made if it is its first one; the given part, if that does not keep tenants apart. Or why the call is refused. */
  #apart(id: string, { app, function: name, tenantKey }: Pick<InvocationRequest, "app" | "function" | "tenantKey">): string | Refusal {
    const base = this.#revisions.get(id);
    if (base === undefined || !keepsApart(base.version.manifest, name)) return id;
    const what = problemOfTenantKey(tenantKey);
    if (what !== undefined) return { code: "tenant-id-needed", details: { function: name, what } };
    const known = this.#revisions.apart(app, id, tenantKey!);
    if (known !== undefined) return known;
    const limit = base.version.manifest.tenantKeys?.most ?? TENANT_KEYS;
    const leaving = this.#revisions.leavingApart(app, limit, (part) => this.#isUnused(part, 0));
    if (leaving === undefined) return { code: "too-many-tenant-ids", details: { what: this.#fullOfIds(app, limit) } };
    if (leaving !== null) this.#removeApart(leaving);
    const part = this.#revisions.addApart(base, tenantKey!);
    this.#tellLimits(part, null);
    return part.id;
  }

  #fullOfIds(app: string, limit: number): string {
    const isOwn = this.#revisions.allApart(app).length >= limit;
    return isOwn
      ? `${limit} others have calls or machines, which is the app's limit`
      : "the server has as many as it keeps apart for all apps";
  }

  #removeApart(part: string): void {
    this.#revisions.removeApart(this.#revisions.get(part)!.version.app, part);
    this.#removePart(part);
  }

  /** Whether the part has no machine, and was last called at least `idleMs` ago. */
  #isUnused(part: string, idleMs: number): boolean {
    const now = this.#options.clock.now();
    const isIdle = now - (this.#options.insight?.restsSince(part, now) ?? Infinity) >= idleMs;
    return isIdle && !this.#machines.values().some((record) => record.part === part);
  }

  point(app: string, targets: readonly ServedTarget[], more?: ServedBeside): void {
    const { live, retired, partFor } = this.#revisions.point(app, targets, more);
    for (const { part, inherits } of live) {
      this.#noteLack(part);
      this.#wantSnapshot(part);
      this.#tellLimits(part, inherits);
    }
    for (const { id, successor } of retired) {
      this.#moveWaiting(id, successor, partFor);
      this.#lacking.delete(id);
      this.#snapshots?.drop(id);
      this.#tell({ type: "revision-retired", revision: id, successor });
      this.#revisions.forget(id);
    }
    // What serves a tenant id of a superseded revision gets no more calls, and its machines need not be held for any.
    for (const part of retired.length === 0 ? [] : this.#revisions.allApart(app))
      if (retired.some(({ id }) => id === this.#revisions.get(part)?.base)) this.#tell({ type: "revision-renewed", revision: part });
  }

  isPinned(app: string, pin: string): boolean {
    return this.#revisions.isPinned(app, pin);
  }

  pin(app: string, pin: string, revision: Version, reserved = 0): void {
    for (const part of this.#revisions.pin(app, pin, revision, reserved)) {
      this.#noteLack(part);
      this.#wantSnapshot(part);
      this.#tellLimits(part, null);
    }
  }

  unpinIdle(app: string, idleMs: number): void {
    const now = this.#options.clock.now();
    const isIdle = (part: string) => now - (this.#options.insight?.restsSince(part, now) ?? Infinity) >= idleMs;
    for (const [pin, parts] of this.#revisions.pins(app)) {
      const isUsed = this.#machines.values().some((record) => record.part !== null && parts.includes(record.part));
      const isReserved = parts.some((part) => (this.#revisions.get(part)?.reserved ?? 0) > 0);
      if (isUsed || isReserved || !parts.every(isIdle)) continue;
      for (const part of this.#revisions.unpin(app, pin)) this.#removePart(part);
    }
    for (const part of this.#revisions.allApart(app)) if (this.#isUnused(part, idleMs)) this.#removeApart(part);
  }

  boundTo(app: string, pin: string): number {
    const parts = this.#revisions.pins(app).find(([name]) => name === pin)?.[1] ?? [];
    const isBound = ({ id, part, draining }: MachineRecord) =>
      part !== null && parts.includes(part) && !draining && this.#fleet.view(id)?.phase === "bound";
    return this.#machines.values().filter(isBound).toArray().length;
  }

  /** The policy moves what waits for a part to its successor. A function may be in another part now: its calls arrive there. */
  #moveWaiting(part: string, successor: string, partFor: (name: string) => string): void {
    for (const invocation of this.#table.values()) {
      if (!invocation.waits || invocation.part !== part) continue;
      const { app, appName, function: name, branch, key } = invocation;
      const next = branch === undefined ? partFor(name) : this.#revisions.next(app, name, branch, key);
      // What the caller has named is there no more.
      if (next === "") {
        this.#drop(invocation, "no-such-version", { app: appName, version: branch ?? "" });
        continue;
      }
      const place = this.#revisions.isolates(app) ? this.#apart(next, invocation) : next;
      if (typeof place !== "string") {
        this.#drop(invocation, place.code, { ...place.details, app: appName });
        continue;
      }
      invocation.part = place;
      if (invocation.part === successor) continue;
      this.#tell({ type: "abandon", invocation: invocation.number });
      this.#tell({ type: "arrive", invocation: invocation.number, revision: invocation.part });
    }
  }

  /**
   * If the app is refused from now on, its invocations in flight may end. After that its machines are killed at once, because the app pays for
   * them.
   */
  #admissionChanged(app: string): void {
    for (const part of this.#revisions.of(app)) {
      if (this.#isRefused(part)) this.#snapshots?.forgo(part.id);
      this.#wantSnapshot(part);
      this.#tellLimits(part, null);
      if (this.#isRefused(part)) this.#tell({ type: "revision-renewed", revision: part.id });
    }
  }

  /**
   * Tells the policy a part's limits. Nothing is kept ready for a part that is refused, has no share of the app's calls, or is not its revision's first. @param inherits the id of the part that it takes over from, if
   * it is new
   */
  #tellLimits(part: LivePart, inherits: string | null): void {
    const limits = { ...limitsOf(part.version, this.#kinds), snapshot: this.#snapshots?.of(part.id) !== undefined };
    const isRefused = this.#isRefused(part);
    const floors = isRefused || !part.isFirst || isAside(part) ? { minMachines: 0, reservedBlanks: 0 } : {};
    const { app } = part.version;
    const tenant = this.#options.shareOf?.(app);
    const beside = {
      ...(part.reserved > 0 && !isRefused && { reserved: part.reserved }),
      ...(isAside(part) && { aside: true }),
      ...(part.base !== undefined && { apart: apartLimits(part.version.manifest) }),
      ...(tenant && { tenant }),
    };
    this.#tell({ type: "revision", revision: part.id, app, limits: { ...limits, ...floors, ...beside }, inherits });
  }

  #isRefused({ id, base, version }: LivePart): boolean {
    return this.#refusalOf(version.app, base ?? id) !== undefined;
  }

  #refusalOf(app: string, part: string): Refusal | undefined {
    return this.#accounts.admit(app) ?? this.#lacking.get(part);
  }

  #noteLack({ id, version }: LivePart): void {
    const reason = this.#options.lacks?.(version);
    if (reason === undefined) return void this.#lacking.delete(id);
    this.#lacking.set(id, { code: "machine-start-failed", details: { reason } });
    // This runs later, because the deploy that called this may not be complete yet.
    soon(() => this.#dropLacking(id));
  }

  /** Refuses the invocations that wait for a machine of a part that can have none. */
  #dropLacking(part: string): void {
    const refusal = this.#lacking.get(part);
    if (refusal === undefined) return;
    for (const invocation of this.#table.values())
      if ((this.#revisions.get(invocation.part)?.base ?? invocation.part) === part && invocation.waits)
        this.#drop(invocation, refusal.code, refusal.details);
  }

  shareChanged(app: string): void {
    for (const part of this.#revisions.of(app)) this.#tellLimits(part, null);
  }

  renewApp(app: string): void {
    for (const part of this.#revisions.of(app)) {
      // An app that is refused, or lacks a secret, gets no other one, but may not go on with this one either.
      this.#snapshots?.drop(part.id);
      this.#wantSnapshot(part);
      this.#tellLimits(part, null);
      this.#tell({ type: "revision-renewed", revision: part.id });
    }
  }

  #wantSnapshot(part: LivePart): void {
    const { manifest } = part.version;
    const kind = this.#kinds.enter(manifest);
    // A deploy refuses other kernels, but the server's own may be another one than it was then. Nothing is made for an app that is refused, or for a preview.
    const isWanted = asksForSnapshot(manifest) && kind.kernel === "linux" && (!isAside(part) || part.reserved > 0);
    if (isWanted && !this.#isRefused(part)) this.#snapshots?.want(part, kind);
  }

  /** A part has a snapshot from now on, or has none any more. */
  #snapshotChanged({ id, version }: FrozenPart, what: SnapshotChange): void {
    const { app, id: revision, number, manifest } = version;
    const runtime = id === revision ? null : (manifest.runtime ?? null);
    this.#events.tell({ ...what, at: this.#options.clock.wall(), app, revision, number, runtime });
    // Of an app that rests, the policy hears when it is called again.
    const part = this.#revisions.get(id);
    if (part !== undefined) this.#tellLimits(part, null);
  }

  rest(app: string, idleMs: number): boolean {
    const { insight, clock } = this.#options;
    const now = clock.now();
    const idle = this.#revisions.of(app).every(({ id }) => now - (insight?.restsSince(id, now) ?? Infinity) >= idleMs);
    // A machine of a superseded revision may still run a call of the app.
    if (!idle || this.#machines.values().some((record) => record.app === app)) return false;
    for (const part of this.#revisions.rest(app)) this.#lacking.delete(part);
    return true;
  }

  isResting(app: string, revision: string, idleMs: number): boolean {
    const { insight, clock } = this.#options;
    const now = clock.now();
    const parts = this.#revisions.partsOf(app, revision);
    return parts.every((id) => now - (insight?.restsSince(id, now) ?? Infinity) >= idleMs);
  }

  removeApp(app: string): void {
    const live = this.#revisions.remove(app);
    for (const record of this.#machines.values()) if (record.app === app) record.orphaned = true;
    for (const part of live) this.#removePart(part);
    // The policy no longer knows the superseded revisions, so it would let their machines finish what they run.
    for (const record of this.#machines.values())
      if (record.app === app && !live.includes(record.part as string)) this.#kill(record.id, { kind: "app-removed" });
  }

  #removePart(part: string): void {
    this.#lacking.delete(part);
    this.#snapshots?.drop(part);
    this.#tell({ type: "revision-removed", revision: part });
    this.#revisions.forget(part);
  }

  machines(): MachineRow[] {
    const rows: MachineRow[] = [];
    for (const record of this.#machines.values()) {
      const view = this.#fleet.view(record.id);
      if (view !== undefined) rows.push(record.row(view, record.part === null ? 0 : this.#slotsOf(record.part)));
    }
    return rows;
  }

  explain(app: string): Explanation {
    const nameOf = (machine: MachineId) => this.#machines.get(machine)?.name ?? String(machine);
    const { insight, clock } = this.#options;
    const parts = this.#revisions.of(app).filter(({ base }) => base === undefined);
    const apart = this.#revisions.allApart(app).length;
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
    return machine?.orphaned === true || !this.#revisions.serves(app);
  }

  #ofMachine({ name: machine, app, startAt, invocations }: MachineRecord): EventOfMachine {
    const { clock } = this.#options;
    return { at: clock.wall(), machine, app, ageMs: clock.now() - startAt, invocations };
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
        return this.#start(command.machine, command, now);
      case "hasten":
        return this.#fleet.hasten(command.machine);
      case "bind":
        return this.#bind(command.machine, command, now);
      case "drain":
        return this.#drain(this.#record(command.machine), command.why);
      case "kill":
        return this.#kill(command.machine, command.why);
      case "wake":
        return this.#wake(command.at, now);
    }
  }

  #assign(number: InvocationId, machine: MachineId, now: number): void {
    const invocation = this.#table.get(number) as Invocation;
    const record = this.#record(machine);
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
    const [code, details] = rejection(reason, invocation.appName, this.#revisions.get(invocation.part), this.#lastStartFailure);
    invocation.refuse(code, details);
  }

  #start(machine: MachineId, order: StartCommand, now: number): void {
    if (this.#closing !== undefined) return;
    const app = order.revision === null ? null : (this.#revisions.get(order.revision)?.version.app ?? null);
    const record = new MachineRecord(machine, now, app);
    this.#machines.set(machine, record);
    const kind = this.#kinds.get(order.kind.key);
    const restores = order.snapshot === true ? this.#restores(order.revision as string, record, now) : undefined;
    this.#fleet.start(machine, { kind, urgent: order.urgent, ...(restores && { restores }) });
    record.name = this.#fleet.view(machine)?.name ?? "";
    this.#events.tell({ type: "machine-started", ...this.#ofMachine(record), neededBy: app, kind, why: order.why });
    if (app !== null) this.#serving.begins(app);
  }

  /** What a machine that comes up bound is made of. If the snapshot went a moment ago, the start fails, and the policy hears of both. */
  #restores(id: string, record: MachineRecord, now: number): NonNullable<StartOrder["restores"]> {
    const part = this.#revisions.get(id) as LivePart;
    const snapshot = this.#snapshots?.of(id) ?? { part: id, inputs: "" };
    record.snapshot = snapshot;
    record.blankAt = now;
    record.belongTo(part, now);
    return { version: part.version, snapshot };
  }

  #bind(machine: MachineId, { revision: id, why }: Reasoned, now: number): void {
    if (this.#closing !== undefined) return;
    const record = this.#record(machine);
    const part = this.#revisions.get(id) as LivePart;
    const { version } = part;
    const { app, id: revision } = version;
    this.#events.tell({ type: "machine-binding", ...this.#ofMachine(record), app, appName: version.manifest.name, revision, why });
    this.#serving.begins(app);
    record.belongTo(part, now);
    this.#fleet.bind(machine, version);
  }

  #drain(record: MachineRecord, why: EndReason): void {
    record.draining = true;
    this.#events.tell({ type: "machine-draining", ...this.#ofMachine(record), why });
    this.#endConnections(record, this.#drainMs, "connection-drained");
  }

  /** One after the other, so that their callers do not all connect again at once. @param machine null: those of all machines */
  #endConnections(machine: MachineRecord | null, withinMs: number, because: ErrorCode): void {
    const now = this.#options.clock.now();
    const all = [...this.#table.values()].filter((each) => each.connection !== null && (machine === null || each.machine === machine));
    for (const [at, invocation] of all.entries()) invocation.endConnectionAt(now + (withinMs * at) / all.length, because);
  }

  #kill(machine: MachineId, why: EndReason): void {
    const record = this.#machines.get(machine);
    // Starts are not carried out after close(), so the machine may have no record.
    if (record !== undefined) this.#events.tell({ type: "machine-killed", ...this.#ofMachine(record), why });
    this.#fleet.kill(machine, clauseOfReason(why));
  }

  #wake(at: number, now: number): void {
    this.#cancelWake();
    this.#cancelWake = this.#options.clock.after(Math.max(0, at - now), () => this.#tell({ type: "tick" }));
  }

  #machineUp(machine: MachineId, what: "blank" | "bound"): void {
    const now = this.#options.clock.now();
    const record = this.#record(machine);
    record.cameUp(what, now);
    if (record.snapshot !== null) this.#snapshots?.tried(record.snapshot, true);
    this.#events.tell(record.cameUpEvent(what, this.#ofMachine(record)));
    this.#tell({ type: what, machine }, now);
  }

  #loaded(machine: MachineId, stats: MachineStats): void {
    if (!this.#record(machine).draining) this.#tell({ type: "stats", machine, stats });
  }

  #machineGone(machine: MachineId, end: MachineEnd): void {
    const record = this.#record(machine);
    this.#machines.delete(machine);
    this.#events.tell(record.endedEvent(end, this.#ofMachine(record)));
    if (end.failed) this.#noteFailure(record, end);
    const lost = [...this.#table.values()].filter((invocation) => invocation.machine === record);
    this.#tell({ type: "exit", machine, failed: end.failed });
    for (const invocation of lost) this.#machineLost(invocation, end);
    this.#serving.look(this.#machines.values(), this.#table.values());
  }

  #machineLost(invocation: Invocation, end: MachineEnd): void {
    if (this.#closing === undefined && invocation.returnToQueue()) {
      // A revision that was superseded meanwhile gets no more machines, so the invocation moves to the app's next one.
      if (this.#revisions.get(invocation.part) === undefined) {
        const next = this.#partFor(invocation);
        const place = this.#revisions.isolates(invocation.app) ? this.#apart(next, invocation) : next;
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

  #noteFailure(record: MachineRecord, end: MachineEnd): void {
    if (record.snapshot !== null) this.#snapshots?.tried(record.snapshot, false);
    if (record.part === null) this.#lastStartFailure = end;
    else this.#revisions.noteFailure(record.part, end);
  }

  /** Handles the invocations that are late. Returns the next deadline. */
  #sweep(now: number): number {
    let next = Infinity;
    for (const invocation of this.#table.values()) {
      if (invocation.deadline <= now) this.#expire(invocation, now);
      if (invocation.deadline > now && invocation.deadline < next) next = invocation.deadline;
    }
    return next;
  }

  #expire(invocation: Invocation, now: number): void {
    if (invocation.waits) return this.#drop(invocation, "queue-timeout", noMachineInTime(invocation, this.#machines.values(), now));
    const record = invocation.machine as MachineRecord;
    if (invocation.connection !== null && !invocation.overdue) return invocation.closeConnection(now, this.#graceMs);
    // A machine that was ended while it loads code would be followed by one that has no more time for it, so that the function never came up.
    const loadMs = record.isLoading ? (this.#options.loadMs ?? LOAD_MS) : 0;
    if (invocation.overdue) this.#giveUp(invocation, record);
    else this.#timeOut(invocation, now, loadMs);
    this.#fleet.checkAlive(record.id, loadMs + (this.#options.pingMs ?? PING_MS), () => invocation.blocked());
  }

  #timeOut(invocation: Invocation, now: number, loadMs: number): void {
    this.#events.tell({ type: "invocation-overdue", ...this.#ofInvocation(invocation), timeoutMs: invocation.timeoutMs });
    invocation.timeOut(now, this.#graceMs + loadMs, () => noMachineInTime(invocation, this.#machines.values(), now));
    if (invocation.endsMachine) this.#tell({ type: "condemn", machine: (invocation.machine as MachineRecord).id, because: "timed-out" });
  }

  /** The handler ignored its abort signal. Its slot is given up, and so is its machine, once the other invocations there have ended. */
  #giveUp(invocation: Invocation, record: MachineRecord): void {
    this.#events.tell({ type: "invocation-given-up", ...this.#ofInvocation(invocation), graceMs: invocation.graceMs });
    invocation.release();
    this.#tell({ type: "condemn", machine: record.id, because: "abort-ignored" });
    this.finished(invocation, this.now());
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
    const record = this.#record(machine);
    const owner = stream === null ? record.onlyInvocation : stream === 0 ? undefined : record.invocationOn(stream);
    this.#lines.append(record, level, text, owner);
  }

  #slotsOf(part: string): number {
    return this.#options.insight?.slotsOf(part) ?? this.#revisions.get(part)?.version.manifest.concurrency ?? 0;
  }

  #record(machine: MachineId): MachineRecord {
    return this.#machines.get(machine) as MachineRecord;
  }
}
