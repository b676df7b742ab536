/**
 * The snapshots of the parts of revisions that ask for one: machines that were bound and initialised once, from which all further machines of the part start.
 *
 * Owns: which parts are to have a snapshot, and how far it is.
 * 1. A snapshot is made when the host has nothing to do, one at a time, tenants in turn, and at the latest some time after it was asked for. Until then, and if
 *    that fails, the part's machines are blanks that are bound.
 * 2. A snapshot goes with its revision, and when what the part's machines are given changes. Before one is saved, those that were used least go of the tenant that
 *    has most, as far as there would be too many; one that would be too large by itself is not saved, and none goes for it.
 * 3. A snapshot is given up if several of its clones in a row do not come up.
 */
import { createHash } from "node:crypto";
import type { MachineKind } from "../../base/kind/machine-kind.ts";
import type { AppSnapshot } from "../../machines/driver.ts";
import type { Version } from "../../store/catalog/catalog.ts";
import type { FleetOptions } from "../fleet.ts";
import { type FreezeParts, freezeRevision } from "./freeze-revision.ts";
import { type Newcomer, TenantsTurns, thoseThatGo } from "./tenants-share.ts";
import { failureText } from "../../base/errors/failure-text.ts";

/** What machines of its own are made for: a revision, or its functions of one runtime. */
export interface FrozenPart {
  id: string;
  /** Its manifest has the part's functions alone. */
  version: Version;
}

export interface SnapshotKeeperOptions extends Omit<FreezeParts, "usage">, Pick<FleetOptions, "usage" | "secrets" | "bootId"> {
  /** Resolves when the driver has what machines of the kind start from. */
  prepare: (kind: MachineKind) => Promise<void>;
  /** How many snapshots are kept, and MB of all together. */
  most: number;
  mostMb: number;
}

interface SnapshotEvents {
  /** Whether the host has nothing to do. */
  isIdle(): boolean;
  /** From now on machines of the part start from its snapshot. @param ms that it took to make it; null: an earlier server has made it */
  made(part: FrozenPart, bytes: number, ms: number | null): void;
  /** The part has no snapshot, or none any more. @param why a clause */
  lacks(part: FrozenPart, why: string): void;
}

/** How far a part's snapshot is. */
export type SnapshotState = { state: "waiting" | "making" } | { state: "ready"; bytes: number } | { state: "none"; why: string };

export interface SnapshotKeeper {
  /** Must be called once, before anything else. */
  attach(events: SnapshotEvents): void;
  /** The part is to have a snapshot. Further calls do nothing, unless it could not be had. */
  want(part: FrozenPart, kind: MachineKind): void;
  /** Nothing is to be made for the part for now. A snapshot that is there stays. */
  forgo(part: string): void;
  /** The part needs none any more, or needs another one, because what its machines are given has changed. */
  drop(part: string): void;
  /** The snapshot that machines of the part are to start from; undefined if there is none. */
  of(part: string): AppSnapshot | undefined;
  /** Undefined if the part is to have none. */
  stateOf(part: string): SnapshotState | undefined;
  /** A machine that started from the snapshot came up, or failed to. */
  tried(snapshot: AppSnapshot, worked: boolean): void;
  /** Ends what is under way, and resolves when it has ended. What is there stays for the next server. */
  close(): Promise<void>;
}

interface Wanted {
  part: FrozenPart;
  kind: MachineKind;
  since: number;
  state: SnapshotState;
  snapshot: AppSnapshot | null;
  failures: number;
  gone: AbortController;
}

const LOOK_MS = 500;
/** Milliseconds without a call after which the host counts as idle; and after which a snapshot is made although it never was. */
const IDLE_MS = 2_000;
const LATEST_MS = 60_000;
/** Clones in a row that do not come up. One or two may be the fault of a host that is busy or short of memory. */
const FAILURES = 3;
const NO_ROOM = "there is no more room for snapshots (the settings maxSnapshots, maxSnapshotMb)";

export function createSnapshotKeeper(options: SnapshotKeeperOptions): SnapshotKeeper {
  return new Keeper(options);
}

class Keeper implements SnapshotKeeper {
  readonly #options: SnapshotKeeperOptions;
  readonly #wanted = new Map<string, Wanted>();
  readonly #turns = new TenantsTurns();
  #events: SnapshotEvents | undefined;
  #count = 0;
  #isWorking = false;
  #isClosed = false;
  /** What the driver does for a snapshot now. */
  #making: Promise<unknown> = Promise.resolve();
  #cancelLook = () => {};

  constructor(options: SnapshotKeeperOptions) {
    this.#options = options;
  }

  attach(events: SnapshotEvents): void {
    this.#events = events;
  }

  want(part: FrozenPart, kind: MachineKind): void {
    const known = this.#wanted.get(part.id);
    if (known !== undefined && known.state.state !== "none") return;
    const since = this.#options.clock.now();
    const gone = new AbortController();
    this.#wanted.set(part.id, { part, kind, since, state: { state: "waiting" }, snapshot: null, failures: 0, gone });
    void this.#work();
  }

  forgo(part: string): void {
    if (this.#wanted.get(part)?.state.state !== "ready") this.#forget(part);
  }

  drop(part: string): void {
    this.#forget(part);
    this.#options.snapshots.drop(part);
  }

  #forget(part: string): void {
    const known = this.#wanted.get(part);
    this.#wanted.delete(part);
    known?.gone.abort();
  }

  of(part: string): AppSnapshot | undefined {
    const known = this.#wanted.get(part);
    return known?.state.state === "ready" ? (known.snapshot ?? undefined) : undefined;
  }

  stateOf(part: string): SnapshotState | undefined {
    return this.#wanted.get(part)?.state;
  }

  tried(snapshot: AppSnapshot, worked: boolean): void {
    const known = this.#wanted.get(snapshot.part);
    // It may be a machine of a snapshot that was replaced meanwhile, which says nothing of the present one.
    if (known?.state.state !== "ready" || known.snapshot !== snapshot) return;
    known.failures = worked ? 0 : known.failures + 1;
    if (known.failures < FAILURES) return;
    this.#options.snapshots.drop(snapshot.part);
    this.#giveUp(known, `${known.failures} machines in a row did not come up from it`);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelLook();
    for (const { gone } of this.#wanted.values()) gone.abort();
    await this.#making.catch(() => undefined);
  }

  /** Provides for the parts that wait, one after the other. */
  async #work(): Promise<void> {
    if (this.#isWorking) return;
    this.#isWorking = true;
    // A deploy that called this may not be complete yet.
    await Promise.resolve();
    for (let next = this.#next(); next !== undefined && !this.#isClosed; next = this.#next()) await this.#provide(next);
    this.#isWorking = false;
  }

  #next(): Wanted | undefined {
    const waiting = [...this.#wanted.values()].filter(({ state }) => state.state === "waiting");
    return this.#turns.next(waiting, ({ part }) => tenantOf(part.version));
  }

  async #provide(wanted: Wanted): Promise<void> {
    const { part, kind } = wanted;
    const { prepare, snapshots, secrets: secretsOf, authority } = this.#options;
    try {
      const secrets = secretsOf(part.version);
      const snapshot = { part: part.id, inputs: digestOf(secrets, await authority?.(part.version)) };
      await prepare(kind);
      if (!this.#isCurrent(wanted)) return;
      const isThere = await this.#during(snapshots.load(kind, snapshot));
      if (!isThere && !(await this.#untilIdle(wanted))) return;
      const ms = isThere ? null : await this.#make(wanted, snapshot, secrets);
      this.#made(wanted, snapshot, ms);
    } catch (error) {
      if (this.#isCurrent(wanted)) this.#giveUp(wanted, reasonOf(error));
    }
  }

  /** Resolves with the milliseconds that it took. */
  async #make(wanted: Wanted, snapshot: AppSnapshot, secrets: Record<string, string>): Promise<number> {
    const { clock, bootId } = this.#options;
    const { part, kind, gone } = wanted;
    if (!this.#fits(1, 0)) throw new Error(NO_ROOM);
    wanted.state = { state: "making" };
    const begun = clock.now();
    const machine = `s${bootId}-${(++this.#count).toString(36)}`;
    const admit = (bytes: number) => this.#admit(tenantOf(part.version), bytes);
    const freezing = { version: part.version, kind, secrets, snapshot, machine, admit, gone: gone.signal };
    await this.#during(freezeRevision(this.#options, freezing));
    return clock.now() - begun;
  }

  #during<T>(done: Promise<T>): Promise<T> {
    this.#making = done;
    return done;
  }

  #made(wanted: Wanted, snapshot: AppSnapshot, ms: number | null): void {
    const { id } = wanted.part;
    // It was finished when its part needed it no more, or needed another one, which is not made yet.
    if (!this.#isCurrent(wanted)) return this.#isClosed ? undefined : this.#options.snapshots.drop(id);
    // An earlier server's may be more than this one's settings have room for.
    if (ms === null) this.#makeRoom({ tenant: tenantOf(wanted.part.version), count: 0, bytes: 0 });
    const saved = this.#options.snapshots.saved().find(({ part }) => part === id);
    if (saved === undefined) return this.#giveUp(wanted, NO_ROOM);
    const { bytes } = saved;
    wanted.snapshot = snapshot;
    wanted.state = { state: "ready", bytes };
    this.#events?.made(wanted.part, bytes, ms);
  }

  /** Makes room for a snapshot of this size of the tenant's. @throws Error if it is too large by itself */
  #admit(tenant: string, bytes: number): void {
    if (!this.#fits(1, bytes)) {
      const mb = (bytes / 1_048_576).toFixed(0);
      throw new Error(`it would take ${mb} MB, and all snapshots together may take ${this.#options.mostMb} MB (the setting maxSnapshotMb)`);
    }
    this.#makeRoom({ tenant, count: 1, bytes });
  }

  #fits(count: number, bytes: number): boolean {
    return count <= this.#options.most && bytes <= this.#options.mostMb * 1_048_576;
  }

  #makeRoom(newcomer: Newcomer): void {
    const { snapshots, most, mostMb } = this.#options;
    const wantedBy = (part: string) => this.#wanted.get(part);
    // What a server before this one has made, and nobody has asked for yet, is nobody's.
    const ofTenant = ({ part }: { part: string }) => tenantOf(wantedBy(part)?.part.version);
    for (const { part } of thoseThatGo(snapshots.saved(), { count: most, bytes: mostMb * 1_048_576 }, newcomer, ofTenant)) {
      snapshots.drop(part);
      const known = wantedBy(part);
      if (known?.state.state === "ready") this.#giveUp(known, NO_ROOM);
    }
  }

  #giveUp(wanted: Wanted, why: string): void {
    wanted.state = { state: "none", why };
    wanted.snapshot = null;
    this.#events?.lacks(wanted.part, why);
  }

  /** Resolves with whether the snapshot is still wanted when the host is idle, or has not been for long. */
  async #untilIdle(wanted: Wanted): Promise<boolean> {
    const { clock } = this.#options;
    let idleSince = clock.now();
    while (this.#isCurrent(wanted)) {
      const now = clock.now();
      if (this.#events?.isIdle() !== true) idleSince = now;
      if (now - idleSince >= IDLE_MS || now - wanted.since >= LATEST_MS) return true;
      await new Promise<void>((resolve) => (this.#cancelLook = either(clock.after(LOOK_MS, resolve), resolve)));
    }
    return false;
  }

  #isCurrent(wanted: Wanted): boolean {
    return !this.#isClosed && this.#wanted.get(wanted.part.id) === wanted;
  }
}

function tenantOf(version: Version | undefined): string {
  return version?.tenant ?? "";
}

function either(cancel: () => void, resolve: () => void): () => void {
  return () => {
    cancel();
    resolve();
  };
}

function digestOf(secrets: Record<string, string>, authority?: string): string {
  const sorted = Object.entries(secrets).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return createHash("sha256")
    .update(JSON.stringify(authority === undefined ? sorted : [sorted, authority]))
    .digest("hex");
}

/** The innermost cause says it in the app's words. */
function reasonOf(error: unknown): string {
  const { cause } = error as Error;
  return failureText(cause instanceof Error ? cause : error);
}
