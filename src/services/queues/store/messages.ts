import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import type { MessageAttribute } from "../queue.ts";
import type { QueueBook, QueueRow } from "./book.ts";
import type { Groups } from "./groups.ts";

/** The column `about` of a body, parsed. */
export interface About {
  attributes: Record<string, MessageAttribute>;
  group?: string;
  dedupId?: string;
  sender?: string;
  trace?: string;
}

export interface MessageRow {
  seq: number;
  queue: number;
  grp: number | null;
  id: string;
  visibleAt: number;
  sentAt: number;
  receives: number;
  firstAt: number | null;
  body: number;
  bytes: number;
  origin: number | null;
}

/** What messages of all operations have in common: how they come, go, and get from one queue to another, with what is counted of them. */
export interface MessageTable {
  insert(row: Omit<MessageRow, "seq">, queue: QueueRow): number;
  delete(row: MessageRow, queue: Pick<QueueRow, "queue" | "tenant" | "app">): void;
  /** Puts a message at the end of another queue. */
  move(
    row: MessageRow,
    from: QueueRow,
    to: QueueRow,
    how: Pick<MessageRow, "id" | "receives" | "firstAt" | "origin" | "sentAt"> & { now: number },
  ): void;
  at(seq: number): MessageRow | undefined;
  /** The group that a message joins which comes to the queue; null: none. @param name as its sender says */
  groupOf(queue: Pick<QueueRow, "queue" | "isFifo">, name: string | undefined, visibleAt: number): number | null;
  about(body: number): { text: string; about: About };
}

export function createMessages(db: DatabaseSync, book: QueueBook, groups: Groups): MessageTable {
  const insertRow = db.prepare(
    "INSERT INTO messages (queue, grp, id, visible_at, sent_at, receives, first_at, body, bytes, origin) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
  );
  const deleteRow = db.prepare("DELETE FROM messages WHERE seq = ?");
  const deleteBody = db.prepare("DELETE FROM bodies WHERE body = ?");
  const bySeq = db.prepare("SELECT * FROM messages WHERE seq = ?");
  const body = db.prepare("SELECT text, about FROM bodies WHERE body = ?");

  function insert(
    { queue: _queue, grp, id, visibleAt, sentAt, receives, firstAt, body: text, bytes, origin }: Omit<MessageRow, "seq">,
    to: QueueRow,
  ): number {
    book.count(to, 1, bytes);
    return Number(insertRow.run(to.queue, grp, id, visibleAt, sentAt, receives, firstAt, text, bytes, origin).lastInsertRowid);
  }

  function about(number: number): { text: string; about: About } {
    const row = body.get(number)!;
    return { text: String(row["text"]), about: JSON.parse(String(row["about"])) as About };
  }

  function groupOf({ queue, isFifo }: Pick<QueueRow, "queue" | "isFifo">, name: string | undefined, visibleAt: number): number | null {
    if (isFifo) return groups.join(queue, name ?? "", visibleAt, false);
    return name === undefined ? null : groups.join(queue, name, visibleAt, true);
  }

  return {
    insert,
    about,
    groupOf,
    delete(row, queue) {
      deleteRow.run(row.seq);
      deleteBody.run(row.body);
      book.count(queue, -1, -row.bytes);
    },
    move(row, from, to, { now, ...how }) {
      deleteRow.run(row.seq);
      book.count(from, -1, -row.bytes);
      const visibleAt = now + to.delayMs;
      const grp = groupOf(to, about(row.body).about.group, visibleAt);
      insert({ ...row, ...how, grp, visibleAt }, to);
    },
    at(seq) {
      const row = bySeq.get(seq);
      return row === undefined ? undefined : readMessage(row);
    },
  };
}

export function readMessage(row: Record<string, SQLOutputValue>): MessageRow {
  const number = (name: string) => (row[name] === null ? null : Number(row[name]));
  return {
    seq: Number(row["seq"]),
    queue: Number(row["queue"]),
    grp: number("grp"),
    id: String(row["id"]),
    visibleAt: Number(row["visible_at"]),
    sentAt: Number(row["sent_at"]),
    receives: Number(row["receives"]),
    firstAt: number("first_at"),
    body: Number(row["body"]),
    bytes: Number(row["bytes"]),
    origin: number("origin"),
  };
}
