import type { DatabaseSync } from "node:sqlite";
import type { PeekedMessage, QueueRef } from "../queue.ts";
import type { QueueBook } from "./book.ts";
import { messageQuery } from "./message-query.ts";
import type { MessageTable } from "./messages.ts";

export function peekOperations(db: DatabaseSync, book: QueueBook, table: MessageTable) {
  const oldest = messageQuery(db, "WHERE queue = ? ORDER BY sent_at, seq LIMIT 0 + ?");
  const kept = db.prepare("SELECT CASE app WHEN '' THEN tenant ELSE app END AS owner, bytes FROM temp.owners WHERE bytes > 0");
  return {
    /** What whose queues keep: of apps, and of tenants themselves. */
    kept: (): { owner: string; bytes: number }[] => kept.all().map(({ owner, bytes }) => ({ owner: String(owner), bytes: Number(bytes) })),
    peek({ ref, most }: { ref: QueueRef; most: number }): PeekedMessage[] {
      const { queue } = book.get(ref);
      return oldest.all(queue, most).map((message) => {
        const { seq, id, sentAt, receives, visibleAt, origin } = message;
        const { text, about } = table.content(message);
        const from = origin === null ? undefined : book.at(origin)?.name;
        return Object.assign(about, { id, sequence: seq, body: text, sentAt, receives, visibleAt }, from === undefined ? {} : { from });
      });
    },
  };
}
