import type { DatabaseSync } from "node:sqlite";
import { MayflyError } from "../../../base/errors/error.ts";
import type { QueueRef, ReceivedMessage } from "../queue.ts";
import { receiptOf } from "../receipt.ts";
import type { QueueBook, QueueRow } from "./book.ts";
import type { Groups } from "./groups.ts";
import { type MessageRow, type MessageTable, readMessage } from "./messages.ts";

export interface Received {
  queue: number;
  /** How long the queue lets a receive wait that does not say so itself, milliseconds. */
  waitMs: number;
  messages: ReceivedMessage[];
  /** When the queue may have a message that is not visible now; null if it has none. */
  nextAt: number | null;
  /** Queues that have got dead letters. */
  woken: number[];
}

/** Of messages that a receive passes over because they are dead or too old. The rest is for the next one. */
const MOST_PASSED = 1_000;

export function receiveOperations(db: DatabaseSync, book: QueueBook, groups: Groups, table: MessageTable) {
  const visible = db.prepare("SELECT * FROM messages WHERE queue = ? AND visible_at <= ? ORDER BY visible_at, seq LIMIT ?");
  const inGroup = db.prepare("SELECT * FROM messages WHERE grp = ? ORDER BY seq LIMIT ?");
  const setReceived = db.prepare(
    "UPDATE messages SET visible_at = ?, receives = receives + 1, first_at = coalesce(first_at, ?) WHERE seq = ?",
  );
  const hidden = db.prepare("SELECT count(*) AS n FROM messages WHERE queue = ? AND visible_at > ? AND receives > 0");
  const next = db.prepare("SELECT min(visible_at) AS at FROM messages WHERE queue = ? AND visible_at > ?");

  class OneReceive {
    readonly queue: QueueRow;
    readonly now: number;
    readonly most: number;
    readonly visibleAt: number;
    readonly deadQueue: QueueRow | undefined;
    readonly taken: ReceivedMessage[] = [];
    passed = 0;
    hasDied = false;

    constructor(queue: QueueRow, now: number, most: number, visibilityMs: number) {
      this.queue = queue;
      this.now = now;
      this.most = most;
      this.visibleAt = now + visibilityMs;
      this.deadQueue = queue.deadLetters === null ? undefined : book.find(queue.tenant, queue.deadLetters.queue);
    }

    get left(): number {
      return this.passed >= MOST_PASSED ? 0 : this.most - this.taken.length;
    }

    standard(): void {
      while (this.left > 0) {
        const rows = visible.all(this.queue.queue, this.now, this.left).map(readMessage);
        // With a visibility time of 0 a message stays visible; it is given only once.
        const fresh = rows.filter(({ seq }) => !this.taken.some(({ sequence }) => sequence === seq));
        if (fresh.length === 0) return;
        for (const row of fresh) this.#take(row);
      }
    }

    fifo(): void {
      for (const grp of groups.ready(this.queue.queue, this.now)) {
        if (this.left === 0) return;
        this.#group(grp);
      }
    }

    /** Of a group, the messages up to the first that is hidden. */
    #group(grp: number): void {
      const before = this.taken.length;
      for (let last = 0; this.left > 0;) {
        const rows = inGroup.all(grp, this.left + this.taken.length - before).map(readMessage);
        const fresh = rows.filter(({ seq }) => seq > last);
        if (fresh.length === 0) break;
        const end = fresh.findIndex(({ visibleAt }) => visibleAt > this.now);
        for (const row of end < 0 ? fresh : fresh.slice(0, end)) this.#take(row);
        if (end >= 0) break;
        last = fresh.at(-1)!.seq;
      }
      if (this.taken.length > before) groups.served(grp);
      groups.settle(grp);
    }

    #take(row: MessageRow): void {
      const { queue, deadQueue, now } = this;
      if (row.sentAt <= now - queue.retentionMs) {
        this.passed++;
        return table.delete(row, queue);
      }
      if (deadQueue !== undefined && row.receives >= queue.deadLetters!.maxReceives) {
        this.passed++;
        this.hasDied = true;
        // A message of a standard queue keeps its age, so that it is not kept for longer than the longer of both retentions.
        const sentAt = queue.isFifo ? now : row.sentAt;
        return table.move(row, queue, deadQueue, { ...row, sentAt, origin: queue.queue, now });
      }
      setReceived.run(this.visibleAt, now, row.seq);
      this.taken.push(this.#shown(row));
    }

    #shown(row: MessageRow): ReceivedMessage {
      const { seq, id, sentAt, origin } = row;
      const receives = row.receives + 1;
      const { text, about } = table.about(row.body);
      const from = origin === null ? undefined : book.at(origin)?.name;
      return {
        ...about,
        id,
        sequence: seq,
        body: text,
        sentAt,
        firstReceivedAt: row.firstAt ?? this.now,
        receives,
        receipt: receiptOf({ seq, receives, id }),
        ...(from !== undefined && { from }),
      };
    }
  }

  function nextAt({ queue, isFifo }: QueueRow, now: number): number | null {
    if (isFifo) return groups.nextAt(queue);
    const at = next.get(queue, now)?.["at"] ?? null;
    return at === null ? null : Number(at);
  }

  return {
    /** Throws "no-such-queue" and "too-many-in-flight". */
    receive({
      ref,
      most,
      visibilityMs,
      inFlight,
      now,
    }: {
      ref: QueueRef;
      most: number;
      visibilityMs?: number | undefined;
      inFlight: number;
      now: number;
    }): Received {
      const queue = book.get(ref);
      // Counted only where it may be: the count takes longer than the receive.
      if (queue.messages > inFlight && Number(hidden.get(queue.queue, now)?.["n"]) >= inFlight)
        throw new MayflyError("too-many-in-flight", { name: queue.name, limit: inFlight });
      const one = new OneReceive(queue, now, most, visibilityMs ?? queue.visibilityMs);
      if (queue.isFifo) one.fifo();
      else one.standard();
      return {
        queue: queue.queue,
        waitMs: queue.waitMs,
        messages: one.taken,
        nextAt: one.taken.length > 0 ? null : nextAt(queue, now),
        woken: one.hasDied ? [one.deadQueue!.queue] : [],
      };
    },
  };
}
