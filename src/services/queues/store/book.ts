import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import { MayflyError } from "../../../base/errors/error.ts";
import { isFor, type Queue, type QueueRef, type QueueSettings } from "../queue.ts";
import { type Counts, createCounts } from "./counts.ts";

/** A queue as it was made and changed, with its number. */
interface Definition extends Queue {
  queue: number;
  purgedAt: number;
}

/** A queue with what is counted of it. */
export interface QueueRow extends Definition {
  messages: number;
  bytes: number;
}

export interface QueueBook {
  /** Throws "no-such-queue", also for one that is of other apps than the caller may use. */
  get(ref: QueueRef): QueueRow;
  find(tenant: string, name: string): QueueRow | undefined;
  /** Undefined if it was removed. */
  at(queue: number): QueueRow | undefined;
  /** @param row of the table `queues` */
  read(row: Record<string, SQLOutputValue>): QueueRow;
  counts: Counts;
}

/** How many queues are remembered. All of them are forgotten when there are more. */
const MOST_KNOWN = 10_000;

export function createBook(db: DatabaseSync): QueueBook {
  const counts = createCounts(db);
  const byName = db.prepare("SELECT * FROM queues WHERE tenant = ? AND name = ? AND removed = 0");
  const byNumber = db.prepare("SELECT * FROM queues WHERE queue = ? AND removed = 0");
  /** As they were at a version: it is not known whether the transaction was committed in which they were read. */
  const known = new Map<string, { definition: Definition; version: number }>();

  function read(row: Record<string, SQLOutputValue>): QueueRow {
    const definition = readQueue(row);
    const { messages, bytes } = counts.of(definition.queue)!;
    return { ...definition, messages, bytes };
  }

  function remembered(key: string): QueueRow | undefined {
    const found = known.get(key);
    if (found === undefined) return undefined;
    const count = counts.of(found.definition.queue);
    if (count?.version !== found.version) return undefined;
    return { ...found.definition, messages: count.messages, bytes: count.bytes };
  }

  function find(tenant: string, name: string): QueueRow | undefined {
    const key = `${tenant}/${name}`;
    const found = remembered(key);
    if (found !== undefined) return found;
    known.delete(key);
    const row = byName.get(tenant, name);
    if (row === undefined) return undefined;
    const definition = readQueue(row);
    const { messages, bytes, version } = counts.of(definition.queue)!;
    if (known.size >= MOST_KNOWN) known.clear();
    known.set(key, { definition, version });
    return { ...definition, messages, bytes };
  }

  return {
    find,
    get({ tenant, name, ...caller }) {
      const row = find(tenant, name);
      if (row === undefined || !isFor(row, caller)) throw noSuchQueue(name);
      return row;
    },
    at(queue) {
      const row = byNumber.get(queue);
      return row === undefined ? undefined : read(row);
    },
    read,
    counts,
  };
}

function noSuchQueue(name: string): MayflyError {
  return new MayflyError("no-such-queue", { name });
}

function readQueue(row: Record<string, SQLOutputValue>): Definition {
  return {
    ...(JSON.parse(String(row["settings"])) as QueueSettings),
    queue: Number(row["queue"]),
    tenant: String(row["tenant"]),
    app: row["app"] === "" ? null : String(row["app"]),
    name: String(row["name"]),
    tags: JSON.parse(String(row["tags"])) as Record<string, string>,
    createdAt: Number(row["created_at"]),
    changedAt: Number(row["changed_at"]),
    purgedAt: Number(row["purged_at"]),
  };
}

/** What of a row users may see. */
export function shown({ queue: _queue, messages: _messages, bytes: _bytes, purgedAt: _purgedAt, ...rest }: QueueRow): Queue {
  return rest;
}
