import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import type { EventEnd, EventSource, Lane } from "../event.ts";
import { type About, insertEvent } from "./accept.ts";
import type { LaneTable } from "./lanes.ts";
import { State } from "./schema.ts";

/** How an attempt ended that was the last one. */
export interface Ending {
  seq: number;
  outcome: EventEnd;
  /** Why it is dead; null if the event succeeded. */
  why: string | null;
  /** How often the function was run. */
  attempts: number;
  /** What is kept of the result. */
  result: Uint8Array | null;
  /** What goes to the destination, if there is one. */
  message?: FollowingEvent | undefined;
  now: number;
}

/** An event that is stored in the transaction that ends another one. */
export interface FollowingEvent {
  id: string;
  lane: Lane;
  source: EventSource;
  payload: Uint8Array;
  about: About;
}

export interface AnotherAttempt {
  seq: number;
  dueAt: number;
  failures: number;
  refusals: number;
  /** Why it was not done yet. */
  why: string;
}

/** Lanes that got events to run. */
export interface Woken {
  lanes: number[];
  /** When the event is due that was held behind the one that ended; null if there is none, or it waits already. */
  dueAt: number | null;
}

export function settleOperations(db: DatabaseSync, lanes: LaneTable) {
  const find = db.prepare("SELECT * FROM events WHERE seq = ?");
  const payload = db.prepare("SELECT bytes FROM payloads WHERE seq = ?");
  const remove = db.prepare("DELETE FROM events WHERE seq = ?");
  const removePayload = db.prepare("DELETE FROM payloads WHERE seq = ?");
  const keepEnd = db.prepare("INSERT INTO ended VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  const bury = db.prepare("INSERT INTO dead VALUES (?, ?, ?, ?, ?, ?)");
  const nextInOrder = db.prepare("SELECT seq, due_at FROM events WHERE lane = ? AND order_key = ? ORDER BY seq LIMIT 1");
  const setState = db.prepare("UPDATE events SET state = ? WHERE seq = ?");
  const delay = db.prepare(
    `UPDATE events SET state = ${State.delayed}, due_at = ?, failures = ?, refusals = ?, last = ? WHERE seq = ? AND state = ${State.running}`,
  );
  const forget = db.prepare(
    "DELETE FROM ended WHERE seq IN (SELECT seq FROM ended WHERE (ended_at < ? OR seq <= (SELECT max(seq) FROM ended) - ?) AND seq NOT IN (SELECT seq FROM dead) LIMIT ?)",
  );
  const insert = insertEvent(db, lanes);

  /** Lets the next event of the order key go on, now that the one before it is gone. Returns when that is due, if it is delayed. */
  function release(row: Record<string, SQLOutputValue>, now: number): number | null {
    const key = row["order_key"] ?? null;
    const next = key === null ? undefined : nextInOrder.get(row["lane"]!, key);
    if (next === undefined) return null;
    const dueAt = Number(next["due_at"]);
    setState.run(dueAt > now ? State.delayed : State.waiting, next["seq"]!);
    return dueAt > now ? dueAt : null;
  }

  function end(row: Record<string, SQLOutputValue>, { outcome, why, attempts, result, now }: Omit<Ending, "seq">): number | null {
    const seq = Number(row["seq"]);
    const [lane, bytes] = [Number(row["lane"]), Number(row["bytes"])];
    if (outcome === "dead") bury.run(seq, lane, row["order_key"] ?? null, row["priority"]!, row["about"]!, payload.get(seq)!["bytes"]!);
    keepEnd.run(seq, row["id"]!, lane, outcome, why, attempts, row["accepted_at"]!, now, row["source"]!, result);
    remove.run(seq);
    removePayload.run(seq);
    lanes.count(lane, -1, -bytes);
    return release(row, now);
  }

  return {
    /** The result is recorded once: the event may be gone, if somebody cancelled it while it ran. Returns the lanes that have something to do by it. */
    end({ seq, message, ...ending }: Ending): Woken {
      const row = find.get(seq);
      if (row === undefined) return { lanes: [], dueAt: null };
      const dueAt = end(row, ending);
      const woken = [Number(row["lane"])];
      if (message === undefined) return { lanes: woken, dueAt };
      const { id, lane: to, source, payload: bytes, about } = message;
      const lane = lanes.numberOf(to);
      insert({
        id,
        lane,
        priority: 0,
        orderKey: null,
        dueAt: ending.now,
        acceptedAt: ending.now,
        maxAgeMs: about.retry.maxAgeMs,
        source: JSON.stringify(source),
        about: JSON.stringify(about),
        payload: bytes,
      });
      return { lanes: [...woken, lane], dueAt };
    },
    /** Another attempt at the event at `dueAt`. */
    again({ seq, dueAt, failures, refusals, why }: AnotherAttempt): void {
      delay.run(dueAt, failures, refusals, why, seq);
    },
    /** Ends an event of the app that does not run, or lets one that runs end without another attempt. Returns whether there was one. */
    cancel({ app, id, now }: { app: string; id: string; now: number }): Woken & { found: boolean } {
      const row = db.prepare("SELECT events.* FROM events JOIN lanes USING (lane) WHERE id = ? AND app = ?").get(id, app);
      if (row === undefined) return { found: false, lanes: [], dueAt: null };
      const dueAt = end(row, { outcome: "cancelled", why: "It was cancelled.", attempts: Number(row["failures"]), result: null, now });
      return { found: true, lanes: [Number(row["lane"])], dueAt };
    },
    /** Lets an event that waits for its time, or for its next attempt, run at once. */
    hurry({ app, id, now }: { app: string; id: string; now: number }): { found: boolean; lanes: number[] } {
      const row = db
        .prepare(`SELECT seq, lane FROM events JOIN lanes USING (lane) WHERE id = ? AND app = ? AND state = ${State.delayed}`)
        .get(id, app);
      if (row === undefined) return { found: false, lanes: [] };
      db.prepare(`UPDATE events SET state = ${State.waiting}, due_at = ? WHERE seq = ?`).run(now, row["seq"]!);
      return { found: true, lanes: [Number(row["lane"])] };
    },
    /** Forgets all that is kept of an app, a part at a time. Returns whether there is more. */
    removeApp({ app, most = 1_000 }: { app: string; most?: number }): boolean {
      let left = most;
      for (const { lane } of lanes.ofApp(app)) {
        for (const table of ["events", "ended", "dead"]) {
          if (table === "events")
            db.prepare("DELETE FROM payloads WHERE seq IN (SELECT seq FROM events WHERE lane = ? LIMIT ?)").run(lane, left);
          left -= Number(
            db.prepare(`DELETE FROM ${table} WHERE seq IN (SELECT seq FROM ${table} WHERE lane = ? LIMIT ?)`).run(lane, left).changes,
          );
          if (left <= 0) return true;
        }
        left -= Number(
          db.prepare("DELETE FROM keys WHERE (lane, key) IN (SELECT lane, key FROM keys WHERE lane = ? LIMIT ?)").run(lane, left).changes,
        );
        if (left <= 0) return true;
        db.prepare("DELETE FROM lanes WHERE lane = ?").run(lane);
      }
      db.prepare("DELETE FROM held WHERE app = ?").run(app);
      return false;
    },
    /**
     * Forgets events that ended before `before`, and all but about the `keep` newest. Dead letters stay. Returns whether there are more to forget.
     */
    forgetEnded({ before, keep, most = 1_000 }: { before: number; keep: number; most?: number }): boolean {
      return Number(forget.run(before, keep, most).changes) >= most;
    },
  };
}
