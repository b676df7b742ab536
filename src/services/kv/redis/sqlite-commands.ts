import type { GroupCommit } from "../../../store/group-commit/group-commit.ts";
import type { KvLimits, Store } from "../kv.ts";
import type { KvOperations } from "../store/engine.ts";
import type { ReadOperations } from "../store/read.ts";
import type { Ran, RedisCommands, Step } from "./commands.ts";
import { specOf } from "./specs.ts";

export interface SqliteCommandsOptions {
  commit: GroupCommit<KvOperations>;
  reads: GroupCommit<ReadOperations>;
  most: (tenant: string) => { app: KvLimits; tenant: KvLimits };
  /** Wall clock, ms. */
  now: () => number;
  /** Told what an app used. */
  used: (app: string, use: { reads: number } | { writes: number }) => void;
  /** Called when a store has changed. @param sweepAt when there is something to sweep; null: it did not become earlier */
  changed: (store: Store, sweepAt: number | null) => void;
}

/** Of a command besides its arguments, about, while it waits. */
const OVERHEAD = 200;

/** Redis' commands on the stores of a SQLite file: a step that only reads is carried out by the thread that reads, and waits for no disk that others write to. */
export class SqliteCommands implements RedisCommands {
  readonly #options: SqliteCommandsOptions;

  constructor(options: SqliteCommandsOptions) {
    this.#options = options;
  }

  async run(store: Store, step: Step): Promise<Ran> {
    const { commit, reads, most, now, used, changed } = this.#options;
    const request = { ...step, store, now: now() };
    const isReading = step.watched === undefined && step.commands.every(({ name }) => specOf(name)?.writes === false);
    const done = isReading
      ? await reads.run("readingCommands", { ...request, most: null })
      : await commit.run("commands", { ...request, most: most(store.tenant) }, bytesOf(step));
    if (done.reads > 0) used(store.app, { reads: done.reads });
    if (done.writes > 0) {
      used(store.app, { writes: done.writes });
      changed(store, done.sweepAt);
    }
    const { replies, isLarge, isStale, pushed } = done;
    return { replies, isLarge, isStale, pushed };
  }

  versions(store: Store, keys: readonly Uint8Array[]): Promise<number[]> {
    return this.#options.reads.run("keyVersions", { store, keys, now: this.#options.now() });
  }
}

function bytesOf({ commands }: Step): number {
  return commands.reduce((sum, { args }) => sum + OVERHEAD + args.reduce((bytes, { length }) => bytes + length, 0), 0);
}
