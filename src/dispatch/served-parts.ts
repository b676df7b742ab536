/**
 * The parts of revisions that calls go to: which one a call goes to, which of them are live, and what the policy is told of them.
 *
 * Owns: which revisions calls go to, and the parts that can have no machine.
 * 1. The policy hears of a part before the first call that goes to it, and that a part goes before its id is forgotten.
 * 2. What waits for a part that goes is given another part, or ended.
 */
import { soon } from "../base/clock/soon.ts";
import type { ErrorDetails } from "../base/errors/error.ts";
import type { ErrorCode } from "../base/errors/table.ts";
import type { MachineEnd } from "../fleet/fleet.ts";
import type { FrozenPart } from "../fleet/snapshots/snapshot-keeper.ts";
import type { PolicyEvent } from "../policy/policy.ts";
import type { Version } from "../store/catalog/catalog.ts";
import { keepsApart, problemOfTenantKey, TENANT_KEYS } from "../store/catalog/isolation.ts";
import { asksForSnapshot } from "../store/catalog/snapshot-of.ts";
import { type Accounts, noAccounts, type Refusal } from "../store/ledger/accounts.ts";
import type { EventStream } from "../telemetry/event-stream.ts";
import type { SnapshotLacking, SnapshotMade } from "../telemetry/platform-event.ts";
import { apartLimits, limitsOf } from "./app.ts";
import { branchOfPin, type InvocationRequest } from "./invocation.ts";
import type { Invocation } from "./invocation-run.ts";
import { KindBook } from "./kind-book.ts";
import type { DispatcherOptions, ExpectedCall, ServedBeside, ServedTarget } from "./live-dispatcher.ts";
import { isAside, type LivePart, LiveRevisions } from "./live-revisions.ts";

export type SnapshotChange = Pick<SnapshotMade, "type" | "bytes" | "ms"> | Pick<SnapshotLacking, "type" | "reason">;

/** What of a call says where it goes. */
type Aimed = Pick<InvocationRequest, "app" | "function" | "branch" | "key" | "tenantKey">;

/** What the parts need of the dispatcher. */
export interface PartsOwner {
  /** Tells the policy. */
  tell(event: PolicyEvent): void;
  /** The invocations that wait for a machine. */
  waiting(): Invocation[];
  /** Ends an invocation that waits. */
  drop(invocation: Invocation, code: ErrorCode, details: ErrorDetails): void;
  /** Whether one of these parts has a machine. */
  haveMachine(parts: readonly string[]): boolean;
}

export class ServedParts {
  readonly #options: DispatcherOptions;
  readonly #owner: PartsOwner;
  readonly #accounts: Accounts;
  readonly #events: EventStream;
  readonly #revisions = new LiveRevisions();
  readonly #kinds: KindBook;
  /** The parts of revisions that lack what each of their machines needs, by id. No machine is started for them. */
  readonly #lacking = new Map<string, Refusal>();

  constructor(options: DispatcherOptions, events: EventStream, owner: PartsOwner) {
    this.#options = options;
    this.#owner = owner;
    this.#events = events;
    this.#accounts = options.accounts ?? noAccounts;
    this.#kinds = options.kinds ?? new KindBook("linux");
  }

  get kinds(): KindBook {
    return this.#kinds;
  }

  /** Undefined if no part of this id is known. */
  get(part: string): LivePart | undefined {
    return this.#revisions.get(part);
  }

  /** Those of the revision with the largest weight first, without those for one tenant id each. */
  of(app: string): LivePart[] {
    return this.#revisions.of(app).filter(({ base }) => base === undefined);
  }

  serves(app: string): boolean {
    return this.#revisions.serves(app);
  }

  /** How many of the app's parts serve one tenant id each. */
  numberApart(app: string): number {
    return this.#revisions.allApart(app).length;
  }

  noteFailure(part: string, end: MachineEnd): void {
    this.#revisions.noteFailure(part, end);
  }

  /** The part that a new call goes to, or why it is refused. A call that is not refused counts as one of its tenant's. */
  take(call: Aimed): string | Refusal {
    const part = this.#revisions.next(call.app, call.function, call.branch, call.key);
    const refusal = this.#refusalOf(call.app, part);
    if (refusal !== undefined) return refusal;
    const place = this.#placeIn(part, call);
    return typeof place === "string" ? (this.#accounts.take(call.app) ?? place) : place;
  }

  /** The part that most calls of `live` to the function go to; undefined: none may have a machine. */
  expected({ app, function: name }: ExpectedCall): string | undefined {
    const part = this.of(app).find(({ version: { manifest } }) => Object.hasOwn(manifest.functions, name) && !keepsApart(manifest, name));
    return part === undefined || this.#refusalOf(app, part.id) !== undefined ? undefined : part.id;
  }

  /** The part that a call goes to which was taken before, or why there is none any more. */
  again(call: Aimed): string | Refusal {
    return this.#placeIn(this.#revisions.next(call.app, call.function, call.branch, call.key), call);
  }

  #placeIn(part: string, call: Aimed): string | Refusal {
    return this.#revisions.isolates(call.app) ? this.#apart(part, call) : part;
  }

  /** The part that serves the tenant id of the call, which is made if it is its first one; the given part, if that does not keep tenants apart. Or why the call is refused. */
  #apart(id: string, { app, function: name, tenantKey }: Aimed): string | Refusal {
    const base = this.#revisions.get(id);
    if (base === undefined || !keepsApart(base.version.manifest, name)) return id;
    const what = problemOfTenantKey(tenantKey);
    if (what !== undefined) return { code: "tenant-id-needed", details: { function: name, what } };
    const known = this.#revisions.apart(app, id, tenantKey!);
    if (known !== undefined) return known;
    const limit = base.version.manifest.tenantKeys?.most ?? TENANT_KEYS;
    const leaving = this.#revisions.leavingApart(app, limit, (part) => this.#isUnused([part], 0));
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
    this.#remove(part);
  }

  point(app: string, targets: readonly ServedTarget[], more?: ServedBeside): void {
    const { live, retired, partFor } = this.#revisions.point(app, targets, more);
    for (const { part, inherits } of live) this.#begin(part, inherits);
    for (const { id, successor } of retired) {
      this.#moveWaiting(id, successor, partFor);
      this.#lacking.delete(id);
      this.#options.snapshots?.drop(id);
      this.#owner.tell({ type: "revision-retired", revision: id, successor });
      this.#revisions.forget(id);
    }
    // What serves a tenant id of a superseded revision gets no more calls, and its machines need not be held for any.
    for (const part of retired.length === 0 ? [] : this.#revisions.allApart(app))
      if (retired.some(({ id }) => id === this.#revisions.get(part)?.base)) this.#owner.tell({ type: "revision-renewed", revision: part });
  }

  /** @param inherits the id of the part that it takes over from */
  #begin(part: LivePart, inherits: string | null): void {
    this.#noteLack(part);
    this.#wantSnapshot(part);
    this.#tellLimits(part, inherits);
  }

  isPinned(app: string, pin: string): boolean {
    return this.#revisions.isPinned(app, pin);
  }

  pin(app: string, pin: string, revision: Version, reserved: number): void {
    for (const part of this.#revisions.pin(app, pin, revision, reserved)) this.#begin(part, null);
  }

  /** Ids of the parts of the revision that the name stands for. */
  pinned(app: string, pin: string): readonly string[] {
    return this.#revisions.pins(app).find(([branch]) => branch === branchOfPin(pin))?.[1] ?? [];
  }

  unpinIdle(app: string, idleMs: number): void {
    for (const [branch, parts] of this.#revisions.pins(app)) {
      const isReserved = parts.some((part) => (this.#revisions.get(part)?.reserved ?? 0) > 0);
      if (isReserved || !this.#isUnused(parts, idleMs)) continue;
      for (const part of this.#revisions.unpin(app, branch)) this.#remove(part);
    }
    for (const part of this.#revisions.allApart(app)) if (this.#isUnused([part], idleMs)) this.#removeApart(part);
  }

  /** Whether the parts have no machine, and were last called at least `idleMs` ago. */
  #isUnused(parts: readonly string[], idleMs: number): boolean {
    return this.#areAtRest(parts, idleMs) && !this.#owner.haveMachine(parts);
  }

  #areAtRest(parts: readonly string[], idleMs: number): boolean {
    const { insight, clock } = this.#options;
    const now = clock.now();
    return parts.every((part) => now - (insight?.restsSince(part, now) ?? Infinity) >= idleMs);
  }

  /** The policy moves what waits for a part to its successor. A function may be in another part now: its calls arrive there. */
  #moveWaiting(part: string, successor: string, partFor: (name: string) => string): void {
    for (const invocation of this.#owner.waiting()) {
      if (invocation.part !== part) continue;
      const { app, appName, function: name, branch, key } = invocation;
      const next = branch === undefined ? partFor(name) : this.#revisions.next(app, name, branch, key);
      // What the caller has named is there no more.
      if (next === "") {
        this.#owner.drop(invocation, "no-such-version", { app: appName, version: branch ?? "" });
        continue;
      }
      const place = this.#placeIn(next, invocation);
      if (typeof place !== "string") {
        this.#owner.drop(invocation, place.code, { ...place.details, app: appName });
        continue;
      }
      invocation.part = place;
      if (invocation.part === successor) continue;
      this.#owner.tell({ type: "abandon", invocation: invocation.number });
      this.#owner.tell({ type: "arrive", invocation: invocation.number, revision: invocation.part });
    }
  }

  /**
   * If the app is refused from now on, its invocations in flight may end. After that its machines are killed at once, because the app pays for
   * them.
   */
  admissionChanged(app: string): void {
    for (const part of this.#revisions.of(app)) {
      if (this.#isRefused(part)) this.#options.snapshots?.forgo(part.id);
      this.#wantSnapshot(part);
      this.#tellLimits(part, null);
      if (this.#isRefused(part)) this.#owner.tell({ type: "revision-renewed", revision: part.id });
    }
  }

  /**
   * Tells the policy a part's limits. Nothing is kept ready for a part that is refused, has no share of the app's calls, or is not its revision's first. @param inherits the id of the part that it takes over from, if
   * it is new
   */
  #tellLimits(part: LivePart, inherits: string | null): void {
    const { snapshots, shareOf } = this.#options;
    const limits = { ...limitsOf(part.version, this.#kinds), snapshot: snapshots?.of(part.id) !== undefined };
    const isRefused = this.#isRefused(part);
    const floors = isRefused || !part.isFirst || isAside(part) ? { minMachines: 0, reservedBlanks: 0 } : {};
    const { app } = part.version;
    const tenant = shareOf?.(app);
    const beside = {
      ...(part.reserved > 0 && !isRefused && { reserved: part.reserved }),
      ...(isAside(part) && { aside: true }),
      ...(part.base !== undefined && { apart: apartLimits(part.version.manifest) }),
      ...(tenant && { tenant }),
    };
    this.#owner.tell({ type: "revision", revision: part.id, app, limits: { ...limits, ...floors, ...beside }, inherits });
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
    for (const invocation of this.#owner.waiting())
      if ((this.#revisions.get(invocation.part)?.base ?? invocation.part) === part)
        this.#owner.drop(invocation, refusal.code, refusal.details);
  }

  shareChanged(app: string): void {
    for (const part of this.#revisions.of(app)) this.#tellLimits(part, null);
  }

  renewApp(app: string): void {
    for (const part of this.#revisions.of(app)) {
      // An app that is refused, or lacks a secret, gets no other one, but may not go on with this one either.
      this.#options.snapshots?.drop(part.id);
      this.#wantSnapshot(part);
      this.#tellLimits(part, null);
      this.#owner.tell({ type: "revision-renewed", revision: part.id });
    }
  }

  #wantSnapshot(part: LivePart): void {
    const { manifest } = part.version;
    const kind = this.#kinds.enter(manifest);
    // A deploy refuses other kernels, but the server's own may be another one than it was then. Nothing is made for an app that is refused, or for a preview.
    const isWanted = asksForSnapshot(manifest) && kind.kernel === "linux" && (!isAside(part) || part.reserved > 0);
    if (isWanted && !this.#isRefused(part)) this.#options.snapshots?.want(part, kind);
  }

  /** A part has a snapshot from now on, or has none any more. */
  snapshotChanged({ id, version }: FrozenPart, what: SnapshotChange): void {
    const { app, id: revision, number, manifest } = version;
    const runtime = id === revision ? null : (manifest.runtime ?? null);
    this.#events.tell({ ...what, at: this.#options.clock.wall(), app, revision, number, runtime });
    // Of an app that rests, the policy hears when it is called again.
    const part = this.#revisions.get(id);
    if (part !== undefined) this.#tellLimits(part, null);
  }

  /** Returns whether the app was forgotten. @param hasMachine whether a machine is the app's, which may be of a superseded revision, and run a call */
  rest(app: string, idleMs: number, hasMachine: boolean): boolean {
    const parts = this.#revisions.of(app).map(({ id }) => id);
    if (hasMachine || !this.#areAtRest(parts, idleMs)) return false;
    for (const part of this.#revisions.rest(app)) this.#lacking.delete(part);
    return true;
  }

  isResting(app: string, revision: string, idleMs: number): boolean {
    return this.#areAtRest(this.#revisions.partsOf(app, revision), idleMs);
  }

  /** Returns the ids of the app's parts that were live. */
  removeApp(app: string): string[] {
    const live = this.#revisions.remove(app);
    for (const part of live) this.#remove(part);
    return live;
  }

  #remove(part: string): void {
    this.#lacking.delete(part);
    this.#options.snapshots?.drop(part);
    this.#owner.tell({ type: "revision-removed", revision: part });
    this.#revisions.forget(part);
  }
}
