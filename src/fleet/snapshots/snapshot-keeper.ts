/**
 * The snapshots of revisions that ask for one: machines that were bound and initialised once, from which all further machines of the revision start.
 *
 * Owns: which revisions are to have a snapshot, and how far it is.
 * 1. A snapshot is made when the host has nothing to do, one at a time, and at the latest some time after it was asked for. Until then, and if that fails, the
 *    revision's machines are blanks that are bound.
 * 2. A snapshot goes with its revision, and when what the revision's machines are given changes. Those that were used least go if there are too many.
 * 3. A snapshot is given up if several of its clones in a row do not come up.
 */
import { createHash } from "node:crypto";
import type { MachineKind } from "../../base/kind/machine-kind.ts";
import type { AppSnapshot } from "../../machines/driver.ts";
import type { Version } from "../../store/catalog/catalog.ts";
import type { FleetOptions } from "../fleet.ts";
import { type FreezeParts, freezeRevision } from "./freeze-revision.ts";

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
  /** From now on machines of the revision start from its snapshot. @param ms that it took to make it; null: an earlier server has made it */
  made(version: Version, bytes: number, ms: number | null): void;
  /** The revision has no snapshot, or none any more. @param why a clause */
  lacks(version: Version, why: string): void;
}

/** How far a revision's snapshot is. */
export type SnapshotState = { state: "waiting" | "making" } | { state: "ready"; bytes: number } | { state: "none"; why: string };

export interface SnapshotKeeper {
  /** Must be called once, before anything else. */
  attach(events: SnapshotEvents): void;
  /** The revision is to have a snapshot. Further calls do nothing, unless it could not be had. */
  want(version: Version, kind: MachineKind): void;
  /** What the revision's machines are given has changed: its snapshot is made anew. */
  renew(version: Version, kind: MachineKind): void;
  /** The revision needs none any more. */
  drop(revision: string): void;
  /** The snapshot that machines of the revision are to start from; undefined if there is none. */
  of(revision: string): AppSnapshot | undefined;
  /** Undefined if the revision is to have none. */
  stateOf(revision: string): SnapshotState | undefined;
  /** A machine that started from the revision's snapshot came up, or failed to. */
  tried(revision: string, worked: boolean): void;
  /** Ends what is under way. What is there stays for the next server. */
  close(): void;
}

interface Wanted {
  version: Version;
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

export function createSnapshotKeeper(options: SnapshotKeeperOptions): SnapshotKeeper {
  return new Keeper(options);
}

class Keeper implements SnapshotKeeper {
  readonly #options: SnapshotKeeperOptions;
  readonly #wanted = new Map<string, Wanted>();
  #events: SnapshotEvents | undefined;
  #count = 0;
  #isWorking = false;
  #isClosed = false;
  #cancelLook = () => {};

  constructor(options: SnapshotKeeperOptions) {
    this.#options = options;
  }

  attach(events: SnapshotEvents): void {
    this.#events = events;
  }

  want(version: Version, kind: MachineKind): void {
    const known = this.#wanted.get(version.id);
    if (known !== undefined && known.state.state !== "none") return;
    const since = this.#options.clock.now();
    const gone = new AbortController();
    this.#wanted.set(version.id, { version, kind, since, state: { state: "waiting" }, snapshot: null, failures: 0, gone });
    void this.#work();
  }

  renew(version: Version, kind: MachineKind): void {
    this.drop(version.id);
    this.want(version, kind);
  }

  drop(revision: string): void {
    const known = this.#wanted.get(revision);
    this.#wanted.delete(revision);
    known?.gone.abort();
    this.#options.snapshots.drop(revision);
  }

  of(revision: string): AppSnapshot | undefined {
    const known = this.#wanted.get(revision);
    return known?.state.state === "ready" ? (known.snapshot ?? undefined) : undefined;
  }

  stateOf(revision: string): SnapshotState | undefined {
    return this.#wanted.get(revision)?.state;
  }

  tried(revision: string, worked: boolean): void {
    const known = this.#wanted.get(revision);
    if (known?.state.state !== "ready") return;
    known.failures = worked ? 0 : known.failures + 1;
    if (known.failures < FAILURES) return;
    this.#options.snapshots.drop(revision);
    this.#giveUp(known, `${known.failures} machines in a row did not come up from it`);
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelLook();
    for (const { gone } of this.#wanted.values()) gone.abort();
  }

  /** Provides for the revisions that wait, one after the other. */
  async #work(): Promise<void> {
    if (this.#isWorking) return;
    this.#isWorking = true;
    // A deploy that called this may not be complete yet.
    await Promise.resolve();
    for (let next = this.#next(); next !== undefined && !this.#isClosed; next = this.#next()) await this.#provide(next);
    this.#isWorking = false;
  }

  #next(): Wanted | undefined {
    return this.#wanted.values().find(({ state }) => state.state === "waiting");
  }

  async #provide(wanted: Wanted): Promise<void> {
    const { version, kind } = wanted;
    const { clock, prepare, snapshots, secrets: secretsOf, authority } = this.#options;
    try {
      const secrets = secretsOf(version);
      const snapshot = { revision: version.id, inputs: digestOf(secrets, await authority?.(version)) };
      await prepare(kind);
      let ms: number | null = null;
      if (!(await snapshots.load(kind, snapshot))) {
        if (!(await this.#untilIdle(wanted))) return;
        wanted.state = { state: "making" };
        const begun = clock.now();
        const machine = `${this.#options.bootId}-s${(++this.#count).toString(36)}`;
        await freezeRevision(this.#options, { version, kind, secrets, snapshot, machine }, wanted.gone.signal);
        ms = clock.now() - begun;
      }
      this.#made(wanted, snapshot, ms);
    } catch (error) {
      if (this.#isCurrent(wanted)) this.#giveUp(wanted, reasonOf(error));
    }
  }

  #made(wanted: Wanted, snapshot: AppSnapshot, ms: number | null): void {
    const { version } = wanted;
    if (!this.#isCurrent(wanted)) return this.#isClosed ? undefined : this.#dropUnwanted(version.id);
    const bytes = this.#options.snapshots.saved().find(({ revision }) => revision === version.id)?.bytes ?? 0;
    wanted.snapshot = snapshot;
    wanted.state = { state: "ready", bytes };
    this.#events?.made(version, bytes, ms);
    this.#dropSurplus();
  }

  /** It was finished when its revision needed it no more, or needed another one, which is not made yet. */
  #dropUnwanted(revision: string): void {
    this.#options.snapshots.drop(revision);
  }

  #dropSurplus(): void {
    const { snapshots, most, mostMb } = this.#options;
    let [count, bytes] = [0, 0];
    for (const saved of snapshots.saved().toSorted((a, b) => b.usedAt - a.usedAt)) {
      count += 1;
      bytes += saved.bytes;
      if (count <= most && bytes <= mostMb * 1_048_576) continue;
      snapshots.drop(saved.revision);
      const known = this.#wanted.get(saved.revision);
      if (known?.state.state === "ready")
        this.#giveUp(known, "there is no more room for snapshots (the settings maxSnapshots, maxSnapshotMb)");
    }
  }

  #giveUp(wanted: Wanted, why: string): void {
    wanted.state = { state: "none", why };
    wanted.snapshot = null;
    this.#events?.lacks(wanted.version, why);
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
    return !this.#isClosed && this.#wanted.get(wanted.version.id) === wanted;
  }
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
  return cause instanceof Error ? cause.message : error instanceof Error ? error.message : String(error);
}
