import type { GroupCommit } from "../../store/group-commit/group-commit.ts";
import { assertRequest, assertWrites, bytesOf } from "./bounds.ts";
import { Bells } from "./bells.ts";
import { Causes } from "./causes.ts";
import {
  type Change,
  type Entry,
  type KeyPage,
  type KeyValues,
  type KvLimits,
  type ListRequest,
  MOST_VALUE_BYTES,
  type Store,
  type StoreFigures,
  type Trace,
  type WatchRequest,
  type Write,
  type Written,
} from "./kv.ts";
import type { KvOperations } from "./store/engine.ts";
import type { ReadOperations } from "./store/read.ts";

export interface SqliteKeyValuesOptions {
  commit: GroupCommit<KvOperations>;
  reads: GroupCommit<ReadOperations>;
  most: (tenant: string) => { app: KvLimits; tenant: KvLimits };
  /** Wall clock, ms. */
  now: () => number;
}

/** How long it is known what was removed, milliseconds: a watcher that was away for longer has to list. */
const REMOVALS_MS = 86_400_000;
/** Removals are forgotten this often, milliseconds, if no entry expires before. */
const FORGET_MS = 60_000;

/** Key-value stores in a SQLite file, which one thread writes and another reads. */
export class SqliteKeyValues implements KeyValues {
  readonly #options: SqliteKeyValuesOptions;
  readonly #bells = new Bells();
  readonly #causes = new Causes();
  /** When something has to be swept, ms. */
  #sweepAt = 0;
  #isSweeping = false;

  constructor(options: SqliteKeyValuesOptions) {
    this.#options = options;
  }

  async get({ app, name }: Store, key: string, most = MOST_VALUE_BYTES): Promise<Entry | null> {
    return this.#options.reads.run("get", { app, name, key, most, now: this.#options.now() });
  }

  async list({ app, name }: Store, { prefix = "", after, most }: ListRequest): Promise<KeyPage> {
    assertRequest(prefix, most);
    return this.#options.reads.run("list", { app, name, prefix, after: after ?? null, most, now: this.#options.now() });
  }

  async write(store: Store, writes: readonly Write[], trace?: Trace): Promise<Written[]> {
    assertWrites(writes);
    const { commit, most, now } = this.#options;
    const written = await commit.run("write", { store, writes, now: now(), most: most(store.tenant) }, bytesOf(writes));
    const versions = written.map(({ version }) => version);
    this.#causes.note(store, versions, trace);
    const expiries = writes.map((write) => (write.kind === "remove" || !write.expiresAt ? Infinity : write.expiresAt));
    this.changed(store, Math.min(...expiries));
    return written;
  }

  /** Called when something was written to a store. @param sweepAt when there is something to sweep */
  changed({ app, name }: Store, sweepAt: number | null): void {
    if (sweepAt !== null) this.#sweepAt = Math.min(this.#sweepAt, sweepAt);
    this.#bells.ring(app, name);
  }

  watch(store: Store, request: WatchRequest): AsyncIterable<Change> {
    assertRequest(request.prefix ?? "", 1);
    const since = request.since === "now" ? this.#version(store) : Promise.resolve(request.since);
    // A failure is thrown to who takes the changes.
    since.catch(() => {});
    return this.#changes(store, since, request);
  }

  stores(app: string): Promise<StoreFigures[]> {
    return this.#options.reads.run("stores", { app });
  }

  async drop({ app, name }: Omit<Store, "tenant">): Promise<void> {
    while (await this.#options.commit.run("drop", { app, name }));
  }

  /** Removes all stores of an app. */
  async removeApp(app: string): Promise<void> {
    while (await this.#options.commit.run("drop", { app, name: null }));
  }

  /** Frees the space of entries that have expired, if there are any, and forgets old removals. Called often. */
  async sweep(): Promise<void> {
    const { commit, now } = this.#options;
    if (this.#isSweeping || now() < this.#sweepAt) return;
    this.#isSweeping = true;
    try {
      for (let isMore = true; isMore;) {
        const at = now();
        this.#sweepAt = at + FORGET_MS;
        const { stores, nextAt, hasMore } = await commit.run("sweep", { now: at, forgetUntil: at - REMOVALS_MS });
        if (nextAt !== null) this.#sweepAt = Math.min(this.#sweepAt, nextAt);
        for (const { app, name } of stores) this.#bells.ring(app, name);
        isMore = hasMore;
      }
    } finally {
      this.#isSweeping = false;
    }
  }

  async *#changes({ app, name }: Store, from: Promise<number>, { prefix = "", signal }: WatchRequest): AsyncGenerator<Change> {
    const store = { app, name };
    const unwatch = this.#causes.watch(store);
    try {
      let since = await from;
      while (!signal.aborted) {
        const ended = new AbortController();
        // It listens before it reads, so that no change comes between.
        const changed = this.#bells.next(app, name, AbortSignal.any([signal, ended.signal]));
        try {
          const { changes, upTo, hasMore } = await this.#options.reads.run("changes", { app, name, prefix, since });
          for (const change of changes) yield this.#traced(store, change);
          since = upTo;
          if (!hasMore) await changed;
        } finally {
          ended.abort();
        }
      }
    } finally {
      unwatch();
    }
  }

  #traced(store: Pick<Store, "app" | "name">, change: Change): Change {
    const trace = this.#causes.of(store, change.version);
    return trace === undefined ? change : { ...change, trace };
  }

  async #version({ app, name }: Store): Promise<number> {
    return (await this.#options.reads.run("changes", { app, name, prefix: "", since: null })).upTo;
  }
}
