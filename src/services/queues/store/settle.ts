import type { DatabaseSync } from "node:sqlite";
import { MayflyError } from "../../../base/errors/error.ts";
import type { QueueRef, ReceiptOutcome } from "../queue.ts";
import type { HideChange } from "../queues.ts";
import { readReceipt } from "../receipt.ts";
import type { QueueBook, QueueRow } from "./book.ts";
import type { Groups } from "./groups.ts";
import { messageQuery, type MessageRow } from "./message-query.ts";
import type { MessageTable } from "./messages.ts";

export interface Settled {
  queue: number;
  outcomes: ReceiptOutcome[];
  /** When a receive may get more than before; null if never. */
  visibleAt: number | null;
}

interface HideChanges {
  ref: QueueRef;
  changes: readonly HideChange[];
  now: number;
}

export function settleOperations(db: DatabaseSync, book: QueueBook, groups: Groups, table: MessageTable) {
  const hide = db.prepare("UPDATE messages SET visible_at = ? WHERE seq = ?");
  const unreceive = db.prepare(
    "UPDATE messages SET visible_at = ?, receives = receives - 1, first_at = CASE WHEN receives = 1 THEN NULL ELSE first_at END WHERE seq = ? AND receives > 0",
  );
  const upTo = messageQuery(db, "WHERE queue = ? ORDER BY sent_at LIMIT 0 + ?");
  const aged = messageQuery(db, "WHERE queue = ? AND sent_at <= ? ORDER BY sent_at LIMIT 0 + ?");
  const setPurged = db.prepare("UPDATE queues SET purged_at = ? WHERE queue = ?");
  const dropDedups = db.prepare(
    "DELETE FROM dedups WHERE (queue, scope, key) IN (SELECT queue, scope, key FROM dedups WHERE queue = ? AND seq <= ? LIMIT ?)",
  );
  const removed = db.prepare("SELECT * FROM queues WHERE removed = 1 LIMIT 1");
  const withMessages = db.prepare(
    "SELECT queue FROM temp.counts JOIN queues USING (queue) WHERE removed = 0 AND messages > 0 AND queue > ? ORDER BY queue LIMIT 100",
  );
  const forgetDedups = db.prepare(
    "DELETE FROM dedups WHERE (queue, scope, key) IN (SELECT queue, scope, key FROM dedups WHERE until <= ? LIMIT ?)",
  );

  /** The message of a receipt, or why there is none. */
  function claimed(queue: QueueRow, text: string, now: number): MessageRow | Exclude<ReceiptOutcome, "done"> {
    const receipt = readReceipt(text);
    if (receipt === undefined) return "invalid";
    const row = table.at(receipt.seq);
    if (row === undefined || row.queue !== queue.queue) return "gone";
    if (row.id !== receipt.id || receipt.receives > row.receives) return "invalid";
    return queue.isFifo && (row.receives !== receipt.receives || row.visibleAt <= now) ? "expired" : row;
  }

  function remove(rows: readonly MessageRow[], queue: Pick<QueueRow, "queue" | "tenant" | "app">): void {
    for (const row of rows) table.delete(row, queue);
    for (const grp of new Set(rows.flatMap((row) => row.grp ?? []))) groups.settle(grp);
  }

  /** Removes what is too old. Returns how many there were. */
  function expire(queue: QueueRow, now: number, most: number): number {
    const rows = aged.all(queue.queue, now - queue.retentionMs, most);
    remove(rows, queue);
    return rows.length;
  }

  function setVisible({ ref, changes, now }: HideChanges, set: (row: MessageRow, at: number, receives: number) => void): Settled {
    const queue = book.get(ref);
    let first = Infinity;
    const outcomes = changes.map(({ receipt, visibilityMs }): ReceiptOutcome => {
      const row = claimed(queue, receipt, now);
      if (typeof row === "string") return row;
      set(row, now + visibilityMs, readReceipt(receipt)!.receives);
      if (row.grp !== null) groups.settle(row.grp);
      first = Math.min(first, now + visibilityMs);
      return "done";
    });
    return { queue: queue.queue, outcomes, visibleAt: first === Infinity ? null : first };
  }

  return {
    delete({ ref, receipts, now }: { ref: QueueRef; receipts: readonly string[]; now: number }): Settled {
      const queue = book.get(ref);
      const outcomes = receipts.map((receipt): ReceiptOutcome => {
        const row = claimed(queue, receipt, now);
        if (typeof row === "string") return row;
        remove([row], queue);
        return "done";
      });
      // The next message of a group is no longer behind it.
      return { queue: queue.queue, outcomes, visibleAt: queue.isFifo && outcomes.includes("done") ? now : null };
    },
    hide: (changes: HideChanges): Settled => setVisible(changes, (row, at) => void hide.run(at, row.seq)),
    /** As hide(), and the receive does not count. One that is not the last of its message is left as it is. */
    giveBack: (changes: HideChanges): Settled =>
      setVisible(changes, (row, at, receives) => {
        if (row.receives === receives) unreceive.run(at, row.seq);
      }),
    /** Begins a purge. Throws "purged-recently". Returns how many messages there are, and the number of the last one of all queues. */
    purge({ ref, now, leastMs }: { ref: QueueRef; now: number; leastMs: number }): { messages: number; upTo: number } {
      const queue = book.get(ref);
      if (now - queue.purgedAt < leastMs)
        throw new MayflyError("purged-recently", { name: queue.name, seconds: Math.ceil(leastMs / 1_000) });
      setPurged.run(now, queue.queue);
      book.counts.changed(queue.queue);
      return { messages: queue.messages, upTo: table.last() };
    },
    /** A message may be sent again after its first one was purged. Returns whether there are more deduplication ids of purged ones. */
    forgetPurged({ ref, upTo, most }: { ref: QueueRef; upTo: number; most: number }): boolean {
      return Number(dropDedups.run(book.get(ref).queue, upTo, most).changes) >= most;
    },
    /** Removes some of the oldest messages. Returns how many there were. */
    purgeSome({ ref, most }: { ref: QueueRef; most: number }): number {
      const queue = book.get(ref);
      const rows = upTo.all(queue.queue, most);
      remove(rows, queue);
      return rows.length;
    },
    /** Removes some of what removed queues had. Returns whether there is more. */
    clear({ most }: { most: number }): boolean {
      const row = removed.get();
      if (row === undefined) return false;
      const queue = { queue: Number(row["queue"]), tenant: String(row["tenant"]), app: row["app"] === "" ? null : String(row["app"]) };
      const rows = upTo.all(queue.queue, most);
      remove(rows, queue);
      if (rows.length === most || Number(dropDedups.run(queue.queue, Number.MAX_SAFE_INTEGER, most).changes) >= most) return true;
      for (const name of ["groups", "moves", "queues"]) db.prepare(`DELETE FROM ${name} WHERE queue = ?`).run(queue.queue);
      book.counts.gone(queue.queue);
      return removed.get() !== undefined;
    },
    /** Removes messages that are older than their queue's retention, of the next queues after `after`. Returns where to go on; null at the end. */
    expire({ now, after, most }: { now: number; after: number; most: number }): number | null {
      forgetDedups.run(now, most);
      const rows = withMessages.all(after);
      for (const row of rows) {
        const queue = book.at(Number(row["queue"]))!;
        if (expire(queue, now, most) === most) return queue.queue - 1;
      }
      return rows.length < 100 ? null : Number(rows.at(-1)!["queue"]);
    },
  };
}
