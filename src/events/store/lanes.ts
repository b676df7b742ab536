import type { DatabaseSync } from "node:sqlite";
import type { Lane } from "../event.ts";

export interface LaneRow extends Lane {
  lane: number;
  events: number;
  bytes: number;
  isPaused: boolean;
}

export interface LaneTable {
  /** Its number, which it keeps, and which no other lane gets as long as the server runs: whoever knows a lane by its number may know one that is removed. */
  numberOf(lane: Lane): number;
  /** Undefined if there was never an event for it. */
  find(lane: Lane): LaneRow | undefined;
  /** Undefined if it was removed with its app. */
  at(number: number): LaneRow | undefined;
  ofApp(app: string): LaneRow[];
  all(): LaneRow[];
  /** Counts events that came or went. */
  count(number: number, events: number, bytes: number): void;
  /** What all lanes of an app have together. */
  held(app: string): { events: number; bytes: number };
  pause(number: number, isPaused: boolean): void;
}

export function createLanes(db: DatabaseSync): LaneTable {
  const find = db.prepare("SELECT * FROM lanes WHERE app = ? AND performer = ? AND target = ?");
  const insert = db.prepare("INSERT INTO lanes (lane, performer, app, target) VALUES (?, ?, ?, ?)");
  const at = db.prepare("SELECT * FROM lanes WHERE lane = ?");
  const ofApp = db.prepare("SELECT * FROM lanes WHERE app = ? ORDER BY lane");
  const all = db.prepare("SELECT * FROM lanes ORDER BY lane");
  const count = db.prepare("UPDATE lanes SET events = events + ?, bytes = bytes + ? WHERE lane = ?");
  const countApp = db.prepare("UPDATE held SET events = events + ?, bytes = bytes + ? WHERE app = (SELECT app FROM lanes WHERE lane = ?)");
  const know = db.prepare("INSERT OR IGNORE INTO held VALUES (?, 0, 0)");
  const held = db.prepare("SELECT events, bytes FROM held WHERE app = ?");
  const pause = db.prepare("UPDATE lanes SET paused = ? WHERE lane = ?");
  let last = Number(db.prepare("SELECT max(lane) AS lane FROM lanes").get()?.["lane"] ?? 0);
  const found = ({ app, performer, target }: Lane) => {
    const row = find.get(app, performer, target);
    return row === undefined ? undefined : read(row);
  };
  return {
    find: found,
    numberOf(lane) {
      const known = found(lane);
      if (known !== undefined) return known.lane;
      know.run(lane.app);
      insert.run(++last, lane.performer, lane.app, lane.target);
      return last;
    },
    at(number) {
      const row = at.get(number);
      return row === undefined ? undefined : read(row);
    },
    ofApp: (app) => ofApp.all(app).map(read),
    all: () => all.all().map(read),
    count(number, events, bytes) {
      count.run(events, bytes, number);
      countApp.run(events, bytes, number);
    },
    held(app) {
      const row = held.get(app);
      return { events: Number(row?.["events"] ?? 0), bytes: Number(row?.["bytes"] ?? 0) };
    },
    pause: (number, isPaused) => void pause.run(Number(isPaused), number),
  };
}

function read(row: Record<string, unknown>): LaneRow {
  return {
    lane: Number(row["lane"]),
    performer: String(row["performer"]),
    app: String(row["app"]),
    target: String(row["target"]),
    events: Number(row["events"]),
    bytes: Number(row["bytes"]),
    isPaused: row["paused"] === 1,
  };
}
