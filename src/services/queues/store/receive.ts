import type { DatabaseSync } from "node:sqlite";
import { MayflyError } from "../../../base/errors/error.ts";
import type { QueueRef, Receive, ReceivedMessage } from "../queue.ts";
import { receiptOf } from "../receipt.ts";
import type { QueueBook, QueueRow } from "./book.ts";
import type { Groups } from "./groups.ts";
import { type MessageQuery, messageQuery, type MessageRow } from "./message-query.ts";
import type { MessageTable } from "./messages.ts";

export interface Received {
  queue: number;
  isFifo: boolean;
  /** How long the queue lets a receive wait that does not say so itself, milliseconds. */
  waitMs: number;
  messages: ReceivedMessage[];
  /** When the queue may have a message that is not visible now; null if it has none. */
  nextAt: number | null;
  /** Queues that have got dead letters. */
  woken: number[];
}

type Wanted = Pick<Receive, "most" | "bytes" | "visibilityMs">;

/** Of messages that a receive passes over because they are dead or too old. The rest is for the next one. */
const MOST_PASSED = 1_000;

export function receiveOperations(db: DatabaseSync, book: QueueBook, groups: Groups, table: MessageTable) {
  const visibleAlone = messageQuery(db, "WHERE queue = ? AND grp IS NULL AND visible_at <= ? ORDER BY visible_at, seq LIMIT 0 + ?");
  const visibleInGroup = messageQuery(db, "WHERE grp = ? AND visible_at <= ? ORDER BY visible_at, seq LIMIT 0 + ?");
  /** Counts receives of queues with groups, so that messages without one have their turn, too. */
  let turns = 0;
  const inGroup = messageQuery(db, "WHERE grp = ? ORDER BY seq LIMIT 0 + ?");
  const setReceived = db.prepare(
    "UPDATE messages SET visible_at = ?, receives = receives + 1, first_at = coalesce(first_at, ?) WHERE seq = ?",
  );
  const hidden = db.prepare("SELECT count(*) AS n FROM messages INDEXED BY in_flight WHERE queue = ? AND visible_at > ? AND receives > 0");
  const nextAlone = db.prepare("SELECT min(visible_at) AS at FROM messages WHERE queue = ? AND grp IS NULL AND visible_at > ?");
  const nextGrouped = db.prepare("SELECT min(visible_at) AS at FROM messages WHERE queue = ? AND grp IS NOT NULL AND visible_at > ?");

  class OneReceive {
    readonly queue: QueueRow;
    readonly now: number;
    readonly most: number;
    readonly visibleAt: number;
    readonly deadQueue: QueueRow | undefined;
    readonly mostBytes: number;
    readonly taken: ReceivedMessage[] = [];
    bytes = 0;
    isFull = false;
    passed = 0;
    hasDied = false;

    constructor(queue: QueueRow, now: number, { most, bytes = Infinity, visibilityMs = queue.visibilityMs }: Wanted) {
      this.queue = queue;
      this.now = now;
      this.most = most;
      this.mostBytes = bytes;
      this.visibleAt = now + visibilityMs;
      this.deadQueue = queue.deadLetters === null ? undefined : book.find(queue.tenant, queue.deadLetters.queue);
    }

    get left(): number {
      return this.isFull || this.passed >= MOST_PASSED ? 0 : this.most - this.taken.length;
    }

    standard(): void {
      const ready = groups.ready(this.queue.queue, this.now);
      if (ready.length === 0) return this.#rest(visibleAlone, this.queue.queue, this.most);
      const lanes: (number | null)[] = [...ready];
      lanes.splice(turns++ % (ready.length + 1), 0, null);
      const share = Math.max(1, Math.floor(this.most / lanes.length));
      for (const lane of lanes) this.#lane(lane, share);
      for (const lane of lanes) this.#lane(lane, this.most);
    }

    /** Of a group, or of the messages without one, at most so many. */
    #lane(grp: number | null, most: number): void {
      if (this.left === 0) return;
      if (grp === null) return this.#rest(visibleAlone, this.queue.queue, most);
      const before = this.taken.length;
      this.#rest(visibleInGroup, grp, most);
      if (this.taken.length > before) groups.served(grp);
      groups.settle(grp);
    }

    #rest(query: MessageQuery, of: number, most: number): void {
      const end = this.taken.length + most;
      while (this.left > 0 && this.taken.length < end) {
        const room = Math.min(this.left, end - this.taken.length);
        // With a visibility time of 0 a message stays visible; it is given only once.
        const rows = query.all(of, this.now, this.taken.length + room);
        const fresh = rows.filter(({ seq }) => !this.taken.some(({ sequence }) => sequence === seq)).slice(0, room);
        if (fresh.length === 0) return;
        this.#takeAll(fresh);
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
        const rows = inGroup.all(grp, this.left + this.taken.length - before);
        const fresh = rows.filter(({ seq }) => seq > last);
        if (fresh.length === 0) break;
        const end = fresh.findIndex(({ visibleAt }) => visibleAt > this.now);
        this.#takeAll(end < 0 ? fresh : fresh.slice(0, end));
        if (end >= 0) break;
        last = fresh.at(-1)!.seq;
      }
      if (this.taken.length > before) groups.served(grp);
      groups.settle(grp);
    }

    #takeAll(rows: readonly MessageRow[]): void {
      for (const row of rows) if (!this.isFull) this.#take(row);
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
      if (this.taken.length > 0 && this.bytes + row.bytes > this.mostBytes) {
        this.isFull = true;
        return;
      }
      this.bytes += row.bytes;
      setReceived.run(this.visibleAt, now, row.seq);
      this.taken.push(this.#shown(row));
    }

    #shown(row: MessageRow): ReceivedMessage {
      const { seq, id, sentAt, origin } = row;
      const receives = row.receives + 1;
      const { text, about } = table.content(row);
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
    const times = [nextAlone, nextGrouped].flatMap((next) => next.get(queue, now)?.["at"] ?? []);
    return times.length === 0 ? null : Math.min(...times.map(Number));
  }

  return {
    /** Throws "no-such-queue" and "too-many-in-flight". */
    receive({ ref, inFlight, now, ...wanted }: Wanted & { ref: QueueRef; inFlight: number; now: number }): Received {
      const queue = book.get(ref);
      // Counted only where it may be: the count takes longer than the receive.
      if (queue.messages > inFlight && Number(hidden.get(queue.queue, now)?.["n"]) >= inFlight)
        throw new MayflyError("too-many-in-flight", { name: queue.name, limit: inFlight });
      const one = new OneReceive(queue, now, wanted);
      if (queue.isFifo) one.fifo();
      else one.standard();
      return {
        queue: queue.queue,
        isFifo: queue.isFifo,
        waitMs: queue.waitMs,
        messages: one.taken,
        nextAt: one.taken.length > 0 ? null : nextAt(queue, now),
        woken: one.hasDied ? [one.deadQueue!.queue] : [],
      };
    },
  };
}
