import type { DatabaseSync } from "node:sqlite";
import type { PeekedMessage, QueueRef } from "../queue.ts";
import type { QueueBook } from "./book.ts";
import { type MessageTable, readMessage } from "./messages.ts";

export function peekOperations(db: DatabaseSync, book: QueueBook, table: MessageTable) {
  const oldest = db.prepare("SELECT * FROM messages WHERE queue = ? ORDER BY sent_at, seq LIMIT ?");
  return {
    peek({ ref, most }: { ref: QueueRef; most: number }): PeekedMessage[] {
      const { queue } = book.get(ref);
      return oldest.all(queue, most).map((row) => {
        const { seq, id, sentAt, receives, visibleAt, origin, body } = readMessage(row);
        const { text, about } = table.about(body);
        const from = origin === null ? undefined : book.at(origin)?.name;
        return Object.assign(about, { id, sequence: seq, body: text, sentAt, receives, visibleAt }, from === undefined ? {} : { from });
      });
    },
  };
}
