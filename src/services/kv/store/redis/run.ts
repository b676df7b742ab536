/**
 * Carries out the commands of a step, in the thread that writes or, if none of them writes, in the one that reads.
 *
 * 1. A command that is refused has done nothing: each has a savepoint of its own.
 * 2. A step that is not whole ends early when its replies or its work are enough; the rest is asked for again.
 */
import type { DatabaseSync } from "node:sqlite";
import { MayflyError } from "../../../../base/errors/error.ts";
import type { Store } from "../../kv.ts";
import { type Command, MOST_REPLY, type Ran, type Reply, type Step } from "../../redis/commands.ts";
import { type CommandName, specs } from "../../redis/specs.ts";
import { createEntries, type Entries, type Limits } from "../entries.ts";
import type { Usage } from "../usage.ts";
import { hashes } from "./hashes.ts";
import { keyCommands } from "./keys.ts";
import { lists } from "./lists.ts";
import { Refusal, TooLarge } from "./refusal.ts";
import { createRows, type Rows } from "./rows.ts";
import { sets } from "./sets.ts";
import { Space } from "./space.ts";
import { type Run, strings } from "./strings.ts";

interface StepRequest extends Step {
  store: Store;
  /** Wall clock, ms. */
  now: number;
  most: Limits | null;
}

/** What a step has done besides its replies. */
interface StepDone extends Ran {
  reads: number;
  writes: number;
  sweepAt: number | null;
  pushed: Uint8Array[];
}

const runs: Record<CommandName, Run> = { ...strings, ...keyCommands, ...hashes, ...lists, ...sets };

export function writingCommands(db: DatabaseSync, entries: Entries) {
  const step = createStep(db, entries, createRows(db));
  return {
    commands: step,
    /** Of the keys, 0 if there is none. */
    versions: versionsIn(entries),
  };
}

export function readingCommands(db: DatabaseSync) {
  const entries = createEntries(db, noUsage);
  const step = createStep(db, entries, createRows(db));
  return { readingCommands: step, keyVersions: versionsIn(entries) };
}

const noUsage: Usage = { count: () => undefined };

function versionsIn(entries: Entries) {
  return ({ store: named, keys, now }: { store: Store; keys: readonly Uint8Array[]; now: number }): number[] => {
    const store = entries.storeAt(named)?.store;
    return keys.map((key) => {
      const found = store === undefined ? undefined : entries.find(store, key, now);
      return found === undefined || found.isExpired ? 0 : found.version;
    });
  };
}

function createStep(db: DatabaseSync, entries: Entries, rows: Rows) {
  const [save, release, back] = [db.prepare("SAVEPOINT step"), db.prepare("RELEASE step"), db.prepare("ROLLBACK TO step")];
  const [saveOne, releaseOne, backOne] = [db.prepare("SAVEPOINT one"), db.prepare("RELEASE one"), db.prepare("ROLLBACK TO one")];
  const versions = versionsIn(entries);

  /** Throws TooLarge, and what loses the whole transaction. */
  function carryOut(space: Space, { name, args }: Command): Reply {
    const { writes } = specs[name as CommandName];
    if (writes) saveOne.run();
    space.begin();
    try {
      const reply = runs[name as CommandName](space, args);
      space.end();
      if (writes) releaseOne.run();
      return reply;
    } catch (error) {
      // A full disk ends the transaction, and with it the savepoint.
      if (writes && !db.isTransaction) throw error;
      if (writes) {
        backOne.run();
        releaseOne.run();
      }
      space.undo();
      return refusalOf(error);
    }
  }

  return (request: StepRequest): StepDone => {
    const { store, commands, isWhole = false, watched = [], now, most, mostReply } = request;
    // Reads of one step see one state of the file, and savepoints are what both threads may have.
    save.run();
    try {
      const space = new Space({ entries, rows, store, now, most, mostReply });
      const found = versions({ store, keys: watched.map(({ key }) => key), now });
      const isStale = found.some((version, at) => version !== watched[at]!.version);
      const replies: Reply[] = [];
      let isLarge = false;
      for (const command of isStale ? [] : commands) {
        try {
          replies.push(carryOut(space, command));
        } catch (error) {
          if (!(error instanceof TooLarge)) throw error;
          isLarge = replies.length === 0 || isWhole;
          if (isLarge && mostReply >= MOST_REPLY) replies.push({ error: TOO_LARGE });
          if (isLarge && mostReply >= MOST_REPLY && isWhole) continue;
          break;
        }
        if (space.isTired && !isWhole) break;
      }
      const isUndone = isLarge && isWhole && mostReply < MOST_REPLY;
      if (isUndone) back.run();
      const { reads, writes, sweepAt, pushed } = space;
      const done = { replies, isLarge: isLarge && mostReply < MOST_REPLY, isStale, reads, writes, sweepAt, pushed };
      return isUndone ? { ...done, replies: [], reads: 0, writes: 0, sweepAt: null, pushed: [] } : done;
    } finally {
      if (db.isTransaction) release.run();
    }
  };
}

const TOO_LARGE = `ERR the reply would have more than ${MOST_REPLY} bytes: ask for a part of it`;

/** Throws what is no refusal of one command. */
function refusalOf(error: unknown): Reply {
  if (error instanceof Refusal) return { error: error.message };
  if (error instanceof MayflyError) return { error: `${error.code === "kv-full" ? "OOM" : "ERR"} ${error.message}` };
  throw error;
}
