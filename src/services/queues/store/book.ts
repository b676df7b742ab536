import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import { MayflyError } from "../../../base/errors/error.ts";
import { isFor, type Queue, type QueueRef, type QueueSettings } from "../queue.ts";

/** A queue with its number, and what is counted of it. */
export interface QueueRow extends Queue {
  queue: number;
  messages: number;
  bytes: number;
  purgedAt: number;
}

export interface QueueBook {
  /** Throws "no-such-queue", also for one that is of other apps than the caller may use. */
  get(ref: QueueRef): QueueRow;
  find(tenant: string, name: string): QueueRow | undefined;
  /** Undefined if it was removed. */
  at(queue: number): QueueRow | undefined;
  /** Counts messages that came or went. */
  count(row: Pick<QueueRow, "queue" | "tenant" | "app">, messages: number, bytes: number): void;
  /** Counts queues that came or went. */
  countQueue(row: Pick<QueueRow, "tenant" | "app">, queues: number): void;
  /** What a tenant has, and one of its apps. In bytes, each message counts MESSAGE_BYTES more than it has. */
  held(tenant: string, app: string | null): { queues: number; bytes: number; appBytes: number };
}

/** What a message counts besides its text and attributes: about what its rows and indexes take on the disk. */
export const MESSAGE_BYTES = 512;

export function createBook(db: DatabaseSync): QueueBook {
  const byName = db.prepare("SELECT * FROM queues WHERE tenant = ? AND name = ? AND removed = 0");
  const byNumber = db.prepare("SELECT * FROM queues WHERE queue = ? AND removed = 0");
  const count = db.prepare("UPDATE queues SET messages = messages + ?, bytes = bytes + ? WHERE queue = ?");
  const owner = db.prepare(
    "INSERT INTO owners VALUES (?, ?, ?, ?) ON CONFLICT (tenant, app) DO UPDATE SET queues = queues + excluded.queues, bytes = bytes + excluded.bytes",
  );
  const held = db.prepare(
    "SELECT sum(queues) AS queues, sum(bytes) AS bytes, sum(CASE WHEN app = ? THEN bytes END) AS app_bytes FROM owners WHERE tenant = ?",
  );
  const found = (row: Record<string, SQLOutputValue> | undefined) => (row === undefined ? undefined : readQueue(row));
  const find = (tenant: string, name: string) => found(byName.get(tenant, name));
  return {
    find,
    get({ tenant, name, ...caller }) {
      const row = find(tenant, name);
      if (row === undefined || !isFor(row, caller)) throw noSuchQueue(name);
      return row;
    },
    at: (queue) => found(byNumber.get(queue)),
    count({ queue, tenant, app }, messages, bytes) {
      count.run(messages, bytes, queue);
      owner.run(tenant, app ?? "", 0, bytes + messages * MESSAGE_BYTES);
    },
    countQueue: ({ tenant, app }, queues) => void owner.run(tenant, app ?? "", queues, 0),
    held(tenant, app) {
      const row = held.get(app ?? "", tenant);
      return { queues: Number(row?.["queues"] ?? 0), bytes: Number(row?.["bytes"] ?? 0), appBytes: Number(row?.["app_bytes"] ?? 0) };
    },
  };
}

function noSuchQueue(name: string): MayflyError {
  return new MayflyError("no-such-queue", { name });
}

export function readQueue(row: Record<string, SQLOutputValue>): QueueRow {
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
    messages: Number(row["messages"]),
    bytes: Number(row["bytes"]),
  };
}

/** What of a row users may see. */
export function shown({ queue: _queue, messages: _messages, bytes: _bytes, purgedAt: _purgedAt, ...rest }: QueueRow): Queue {
  return rest;
}
