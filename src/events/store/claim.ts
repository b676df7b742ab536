import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import type { ClaimedEvent } from "../event.ts";
import type { About } from "./accept.ts";
import type { LaneRow, LaneTable } from "./lanes.ts";
import { State } from "./schema.ts";

/** Events that become due at once are made ready a part at a time. */
const RIPEN_AT_ONCE = 1_000;

export interface Claim {
  events: ClaimedEvent[];
  /** Whether more of the lane wait. */
  hasMore: boolean;
}

export interface Ripened {
  /** The lanes that have events which wait since then. */
  lanes: number[];
  /** When the next delayed event is due; null if none is delayed. */
  nextAt: number | null;
}

export function claimOperations(db: DatabaseSync, lanes: LaneTable) {
  const next = db.prepare(
    `SELECT events.*, payloads.bytes AS payload FROM events JOIN payloads USING (seq) WHERE lane = ? AND state = ${State.waiting} ORDER BY priority DESC, seq LIMIT 0 + ?`,
  );
  const setRunning = db.prepare(`UPDATE events SET state = ${State.running} WHERE seq = ?`);
  const isWaiting = db.prepare(`SELECT 1 FROM events WHERE lane = ? AND state = ${State.waiting} LIMIT 1`);
  const ripe = db.prepare(
    `UPDATE events SET state = ${State.waiting} WHERE seq IN (SELECT seq FROM events WHERE state = ${State.delayed} AND due_at <= ? ORDER BY due_at LIMIT ${RIPEN_AT_ONCE}) RETURNING lane`,
  );
  const nextDue = db.prepare(`SELECT min(due_at) AS at FROM events WHERE state = ${State.delayed}`);
  const recovered = db.prepare(`UPDATE events SET state = ${State.waiting} WHERE state = ${State.running}`);

  return {
    /** Takes the lane's next events, which are `running` from now on. A lane that is paused, or gone, gives none. @param bytes about how many, of payloads */
    claim({ lane, most, bytes }: { lane: number; most: number; bytes: number }): Claim {
      if (lanes.at(lane)?.isPaused !== false) return { events: [], hasMore: false };
      const events: ClaimedEvent[] = [];
      let sum = 0;
      for (const row of next.iterate(lane, most)) {
        const event = readClaimed(row);
        sum += event.payload.length;
        if (events.length > 0 && sum > bytes) break;
        events.push(event);
      }
      for (const { seq } of events) setRunning.run(seq);
      return { events, hasMore: isWaiting.get(lane) !== undefined };
    },
    /** Makes the delayed events ready that are due. There may be more than it has made ready: `nextAt` is in the past then. */
    ripen({ now }: { now: number }): Ripened {
      const ready = new Set(ripe.all(now).map(({ lane }) => Number(lane)));
      const at = nextDue.get()?.["at"] ?? null;
      return { lanes: [...ready], nextAt: at === null ? null : Number(at) };
    },
    /** Called once, at a start: what ran when the server ended is run again. Returns the lanes that have events. */
    recover(): LaneRow[] {
      recovered.run();
      return lanes.all().filter(({ events }) => events > 0);
    },
    pause({ lane, isPaused }: { lane: number; isPaused: boolean }): void {
      lanes.pause(lane, isPaused);
    },
  };
}

function readClaimed(row: Record<string, SQLOutputValue>): ClaimedEvent {
  const { about, trace, retry, onSuccess, onFailure } = JSON.parse(String(row["about"])) as About;
  return {
    seq: Number(row["seq"]),
    id: String(row["id"]),
    payload: row["payload"] as Uint8Array,
    about,
    source: JSON.parse(String(row["source"])) as ClaimedEvent["source"],
    trace,
    acceptedAt: Number(row["accepted_at"]),
    expiresAt: Number(row["expires_at"]),
    failures: Number(row["failures"]),
    refusals: Number(row["refusals"]),
    retry,
    onSuccess,
    onFailure,
  };
}
