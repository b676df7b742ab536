import type { DatabaseSync } from "node:sqlite";
import type { Lane } from "../event.ts";

export interface LaneRow extends Lane {
  lane: number;
  events: number;
  bytes: number;
  isPaused: boolean;
}

export interface LaneTable {
  /** Its number, which it keeps. */
  numberOf(lane: Lane): number;
  /** Undefined if there was never an event for it. */
  find(lane: Lane): LaneRow | undefined;
  at(number: number): LaneRow;
  ofApp(app: string): LaneRow[];
  all(): LaneRow[];
  /** Counts events that came or went. */
  count(number: number, events: number, bytes: number): void;
  pause(number: number, isPaused: boolean): void;
}

export function createLanes(db: DatabaseSync): LaneTable {
  const find = db.prepare("SELECT * FROM lanes WHERE app = ? AND performer = ? AND target = ?");
  const insert = db.prepare("INSERT INTO lanes (performer, app, target) VALUES (?, ?, ?)");
  const at = db.prepare("SELECT * FROM lanes WHERE lane = ?");
  const ofApp = db.prepare("SELECT * FROM lanes WHERE app = ? ORDER BY lane");
  const all = db.prepare("SELECT * FROM lanes ORDER BY lane");
  const count = db.prepare("UPDATE lanes SET events = events + ?, bytes = bytes + ? WHERE lane = ?");
  const pause = db.prepare("UPDATE lanes SET paused = ? WHERE lane = ?");
  const found = ({ app, performer, target }: Lane) => {
    const row = find.get(app, performer, target);
    return row === undefined ? undefined : read(row);
  };
  return {
    find: found,
    numberOf: (lane) => found(lane)?.lane ?? Number(insert.run(lane.performer, lane.app, lane.target).lastInsertRowid),
    at: (number) => read(at.get(number)!),
    ofApp: (app) => ofApp.all(app).map(read),
    all: () => all.all().map(read),
    count: (number, events, bytes) => void count.run(events, bytes, number),
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
