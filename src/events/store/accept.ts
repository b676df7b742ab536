import type { DatabaseSync } from "node:sqlite";
import { MayflyError } from "../../base/errors/error.ts";
import type { Accepted, Destination, Lane, NewEvent, RetryRule } from "../event.ts";
import type { TraceContext } from "../../wire/host-end.ts";
import type { LaneTable } from "./lanes.ts";
import { State } from "./schema.ts";

/** The column `about`, parsed. */
export interface About {
  about: unknown;
  trace: TraceContext;
  retry: RetryRule;
  onSuccess?: Destination | undefined;
  onFailure?: Destination | undefined;
  idempotencyKey?: string | undefined;
}

/** What an app may have waiting. */
export interface WaitingLimits {
  events: number;
  bytes: number;
}

/** How long an idempotency key is remembered, milliseconds. */
const KEY_MS = 86_400_000;

export interface NewRow {
  id: string;
  lane: number;
  priority: number;
  orderKey: string | null;
  dueAt: number;
  acceptedAt: number;
  maxAgeMs: number;
  source: string;
  about: string;
  payload: Uint8Array;
}

/** Stores an event that nobody has refused. Whether it waits, or must be held behind another of its order key, is decided here. */
export function insertEvent(db: DatabaseSync, lanes: LaneTable): (row: NewRow) => number {
  const insert = db.prepare(
    `INSERT INTO events (id, lane, state, priority, order_key, due_at, accepted_at, expires_at, bytes, source, about) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const payload = db.prepare("INSERT INTO payloads VALUES (?, ?)");
  const before = db.prepare("SELECT 1 FROM events WHERE lane = ? AND order_key = ? LIMIT 1");
  return ({ id, lane, priority, orderKey, dueAt, acceptedAt, maxAgeMs, source, about, payload: bytes }) => {
    const isHeld = orderKey !== null && before.get(lane, orderKey) !== undefined;
    const state = isHeld ? State.held : dueAt > acceptedAt ? State.delayed : State.waiting;
    const { length } = bytes;
    const expiresAt = Math.max(dueAt, acceptedAt) + maxAgeMs;
    const seq = Number(
      insert.run(id, lane, state, priority, orderKey, dueAt, acceptedAt, expiresAt, length, source, about).lastInsertRowid,
    );
    payload.run(seq, bytes);
    lanes.count(lane, 1, length);
    return seq;
  };
}

export function acceptOperations(db: DatabaseSync, lanes: LaneTable) {
  const insert = insertEvent(db, lanes);
  const knownKey = db.prepare("SELECT id FROM keys WHERE lane = ? AND key = ? AND until > ?");
  const keepKey = db.prepare("INSERT OR REPLACE INTO keys VALUES (?, ?, ?, ?)");
  const forgetKeys = db.prepare("DELETE FROM keys WHERE (lane, key) IN (SELECT lane, key FROM keys WHERE until <= ? LIMIT 100)");

  /** Throws "too-many-events". */
  function assertRoom(app: string, most: WaitingLimits, bytes: number): void {
    const held = lanes.held(app);
    if (held.events >= most.events) throw new MayflyError("too-many-events", { what: `${most.events} events` });
    if (held.bytes + bytes > most.bytes) throw new MayflyError("too-many-events", { what: `${most.bytes} bytes of events` });
  }

  return {
    /** Throws "too-many-events" if the app has more waiting than it may have. */
    accept({ event, now, most }: { event: NewEvent; now: number; most: WaitingLimits }): Accepted & { lane: number } {
      const { id, lane: to, payload, about, source, trace, dueAt = now, idempotencyKey, orderKey = null, priority = 0, retry } = event;
      const lane = lanes.numberOf(to);
      if (idempotencyKey !== undefined) {
        const known = knownKey.get(lane, idempotencyKey, now);
        if (known !== undefined) return { id: String(known["id"]), isNew: false, lane };
        forgetKeys.run(now);
        keepKey.run(lane, idempotencyKey, id, Math.max(dueAt, now) + Math.max(KEY_MS, retry.maxAgeMs));
      }
      assertRoom(to.app, most, payload.length);
      const all: About = { about, trace, retry, onSuccess: event.onSuccess, onFailure: event.onFailure, idempotencyKey };
      insert({
        id,
        lane,
        priority,
        orderKey,
        dueAt,
        acceptedAt: now,
        maxAgeMs: retry.maxAgeMs,
        source: JSON.stringify(source),
        about: JSON.stringify(all),
        payload,
      });
      return { id, isNew: true, lane };
    },
    /** The lane's number, for an event that is to go to it. */
    laneOf: (lane: Lane): number => lanes.numberOf(lane),
  };
}
