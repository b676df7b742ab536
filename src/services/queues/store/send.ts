import { hash, randomUUID } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { MayflyError } from "../../../base/errors/error.ts";
import type { NewMessage, QueueLimits, QueueRef, SentMessage } from "../queue.ts";
import type { QueueBook, QueueRow } from "./book.ts";
import { MESSAGE_BYTES } from "./counts.ts";
import type { About, MessageTable } from "./messages.ts";

/** How long a deduplication id counts, milliseconds. */
const DEDUP_MS = 300_000;

export interface Sent {
  queue: number;
  messages: SentMessage[];
  /** When the first of them is visible; null if all were sent before. */
  visibleAt: number | null;
}

export function sendOperations(db: DatabaseSync, book: QueueBook, table: MessageTable) {
  const known = db.prepare("SELECT id, seq FROM dedups WHERE queue = ? AND scope = ? AND key = ? AND until > ?");
  const keep = db.prepare("INSERT OR REPLACE INTO dedups VALUES (?, ?, ?, ?, ?, ?)");
  const forget = db.prepare(
    "DELETE FROM dedups WHERE (queue, scope, key) IN (SELECT queue, scope, key FROM dedups WHERE until <= ? LIMIT 100)",
  );

  /** Throws "too-many-messages". */
  function assertRoom({ tenant, app }: QueueRow, most: QueueLimits, bytes: number): void {
    const held = book.counts.held({ tenant, app });
    if (app !== null && held.appBytes + bytes > most.appBytes)
      throw new MayflyError("too-many-messages", { who: "app", limit: most.appBytes });
    if (held.bytes + bytes > most.tenantBytes) throw new MayflyError("too-many-messages", { who: "tenant", limit: most.tenantBytes });
  }

  function insert(queue: QueueRow, message: NewMessage, dedupId: string | undefined, now: number): SentMessage & { visibleAt: number } {
    const { body, attributes, group, sender, trace, bytes } = message;
    const about: About = {
      attributes: { ...attributes },
      ...(group !== undefined && { group }),
      ...(dedupId !== undefined && { dedupId }),
      ...(sender !== undefined && { sender }),
      ...(trace !== undefined && { trace }),
    };
    const visibleAt = now + (queue.isFifo ? queue.delayMs : (message.delayMs ?? queue.delayMs));
    const grp = table.groupOf(queue, group, visibleAt);
    const id = randomUUID();
    const row = { queue: queue.queue, grp, id, visibleAt, sentAt: now, receives: 0, firstAt: null, bytes, origin: null };
    return { id, sequence: table.insert({ ...row, ...table.keep(body, JSON.stringify(about)) }, queue), visibleAt };
  }

  function sendOne(queue: QueueRow, message: NewMessage, now: number): SentMessage & { visibleAt: number | null } {
    if (!queue.isFifo) return insert(queue, message, message.dedupId, now);
    const key = message.dedupId ?? (queue.contentDedup ? hash("sha256", message.body) : undefined);
    if (key === undefined) return insert(queue, message, undefined, now);
    const scope = queue.dedupScope === "group" ? `g${message.group ?? ""}` : "";
    const earlier = known.get(queue.queue, scope, key, now);
    if (earlier !== undefined) return { id: String(earlier["id"]), sequence: Number(earlier["seq"]), visibleAt: null };
    const sent = insert(queue, message, key, now);
    keep.run(queue.queue, scope, key, sent.id, sent.sequence, now + DEDUP_MS);
    return sent;
  }

  return {
    /** Throws "no-such-queue" and "too-many-messages"; then none is kept. */
    send({ ref, messages, now, most }: { ref: QueueRef; messages: readonly NewMessage[]; now: number; most: QueueLimits }): Sent {
      const queue = book.get(ref);
      const bytes = messages.reduce((sum, message) => sum + message.bytes + MESSAGE_BYTES, 0);
      assertRoom(queue, most, bytes);
      if (queue.isFifo) forget.run(now);
      const sent = messages.map((message) => sendOne(queue, message, now));
      const times = sent.flatMap(({ visibleAt }) => visibleAt ?? []);
      return {
        queue: queue.queue,
        messages: sent.map(({ id, sequence }) => ({ id, sequence })),
        visibleAt: times.length === 0 ? null : Math.min(...times),
      };
    },
  };
}
