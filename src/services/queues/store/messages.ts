import type { DatabaseSync } from "node:sqlite";
import type { MessageAttribute } from "../queue.ts";
import type { QueueBook, QueueRow } from "./book.ts";
import type { Groups } from "./groups.ts";
import { type MessageRow, messageQuery } from "./message-query.ts";
import { createNumbers } from "./numbers.ts";

/** The column `about`, parsed. */
export interface About {
  attributes: Record<string, MessageAttribute>;
  group?: string;
  dedupId?: string;
  sender?: string;
  trace?: string;
}

/** Where the content of a message is. */
type Content = Pick<MessageRow, "body" | "text" | "about">;

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
  /** Stores the content of a new message. */
  keep(text: string, about: string): Content;
  content(row: Content): { text: string; about: About };
  /** The number of the last message of all queues. */
  last(): number;
}

/** What is longer is in `bodies`, characters. Rows of messages are written with each receive. */
const MOST_IN_ROW = 1_000;

export function createMessages(db: DatabaseSync, book: QueueBook, groups: Groups): MessageTable {
  const insertRow = db.prepare(
    "INSERT INTO messages (seq, queue, grp, id, visible_at, sent_at, receives, first_at, body, text, about, bytes, origin) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
  );
  const insertBody = db.prepare("INSERT INTO bodies (text, about) VALUES (?, ?)");
  const deleteRow = db.prepare("DELETE FROM messages WHERE seq = ?");
  const deleteBody = db.prepare("DELETE FROM bodies WHERE body = ?");
  const bySeq = messageQuery(db, "WHERE seq = ?");
  const bodyOf = db.prepare("SELECT text, about FROM bodies WHERE body = ?");
  const numbers = createNumbers(db);
  const { counts } = book;

  function insert(row: Omit<MessageRow, "seq">, to: QueueRow): number {
    const { grp, id, visibleAt, sentAt, receives, firstAt, body, text, about, bytes, origin } = row;
    const seq = numbers.next();
    counts.add(to, 1, bytes);
    insertRow.run(seq, to.queue, grp, id, visibleAt, sentAt, receives, firstAt, body, text, about, bytes, origin);
    return seq;
  }

  function keep(text: string, about: string): Content {
    if (text.length + about.length <= MOST_IN_ROW) return { body: 0, text, about };
    return { body: Number(insertBody.run(text, about).lastInsertRowid), text: null, about: null };
  }

  function content({ body, text, about }: Content): { text: string; about: About } {
    const row = about === null ? bodyOf.get(body)! : { text, about };
    return { text: String(row["text"]), about: JSON.parse(String(row["about"])) as About };
  }

  function groupOf({ queue, isFifo }: Pick<QueueRow, "queue" | "isFifo">, name: string | undefined, visibleAt: number): number | null {
    if (isFifo) return groups.join(queue, name ?? "", visibleAt, false);
    return name === undefined ? null : groups.join(queue, name, visibleAt, true);
  }

  return {
    insert,
    keep,
    content,
    groupOf,
    last: () => numbers.last(),
    delete(row, queue) {
      deleteRow.run(row.seq);
      if (row.about === null) deleteBody.run(row.body);
      counts.add(queue, -1, -row.bytes);
    },
    move(row, from, to, { now, ...how }) {
      deleteRow.run(row.seq);
      counts.add(from, -1, -row.bytes);
      const visibleAt = now + to.delayMs;
      const grp = groupOf(to, content(row).about.group, visibleAt);
      insert({ ...row, ...how, grp, visibleAt }, to);
    },
    at: (seq) => bySeq.get(seq),
  };
}
