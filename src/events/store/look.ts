import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import type { EventEnd, EventSource, EventState, Lane } from "../event.ts";
import { type About, insertEvent } from "./accept.ts";
import type { LaneRow, LaneTable } from "./lanes.ts";
import { State } from "./schema.ts";

/** An event as people see it. */
export interface ShownEvent extends Lane {
  seq: number;
  id: string;
  state: EventState | EventEnd;
  source: EventSource;
  acceptedAt: number;
  /** When it runs, or is run again; null once it has ended. */
  dueAt: number | null;
  endedAt: number | null;
  /** How often the function has been run to an end. */
  attempts: number;
  /** Why it was not done at the last attempt, or is dead. */
  why: string | null;
  bytes: number | null;
}

export interface ShownPayload {
  payload: Uint8Array;
  about: About;
}

export interface Page {
  events: ShownEvent[];
  /** For the next page: what `before` must be; null on the last one. */
  next: number | null;
}

const names = Object.fromEntries(Object.entries(State).map(([name, number]) => [number, name as EventState])) as Record<number, EventState>;

export function lookOperations(db: DatabaseSync, lanes: LaneTable) {
  const open = db.prepare("SELECT * FROM events WHERE lane = ? AND seq < ? ORDER BY seq DESC LIMIT ?");
  const ended = db.prepare("SELECT * FROM ended WHERE lane = ? AND seq < ? ORDER BY seq DESC LIMIT ?");
  const dead = db.prepare(
    "SELECT ended.*, length(dead.payload) AS bytes FROM dead JOIN ended USING (seq) WHERE dead.lane = ? AND dead.seq < ? ORDER BY dead.seq DESC LIMIT ?",
  );
  const nextOf = db.prepare(`SELECT * FROM events WHERE lane = ? AND state = ${State.waiting} ORDER BY priority DESC, seq LIMIT 1`);
  const firstOf = db.prepare("SELECT * FROM events WHERE lane = ? ORDER BY seq LIMIT 1");
  const predecessor = db.prepare("SELECT id FROM events WHERE lane = ? AND order_key = ? AND seq < ? ORDER BY seq LIMIT 1");
  const openSums = db.prepare("SELECT app, sum(events) AS events FROM lanes WHERE events > 0 GROUP BY app");
  const insert = insertEvent(db, lanes);

  /** What an event waits for, as far as it is stored. */
  function aroundOf({ lane, isPaused }: LaneRow, row: Row): Around {
    const key = row["order_key"] ?? null;
    const before = key === null ? undefined : predecessor.get(lane, key, row["seq"]!);
    return { lane, isPaused, before: before === undefined ? null : String(before["id"]) };
  }

  /** The newest first, of all lanes of the app. */
  function page(app: string, most: number, read: (lane: Lane & { lane: number }) => ShownEvent[]): Page {
    const all = lanes.ofApp(app).flatMap(read);
    const events = all.toSorted((one, other) => other.seq - one.seq).slice(0, most);
    return { events, next: all.length > most ? events.at(-1)!.seq : null };
  }

  function deadIds({ app, ids, upTo = Number.MAX_SAFE_INTEGER, most = 1_000 }: DeadLetters): number[] {
    if (ids !== null) {
      const find = db.prepare(
        "SELECT seq FROM dead JOIN ended USING (seq) JOIN lanes ON lanes.lane = dead.lane WHERE ended.id = ? AND app = ?",
      );
      return ids.flatMap((id) => find.all(id, app).map(({ seq }) => Number(seq)));
    }
    return db
      .prepare("SELECT seq FROM dead JOIN lanes USING (lane) WHERE app = ? AND seq <= ? ORDER BY seq LIMIT ?")
      .all(app, upTo, most)
      .map(({ seq }) => Number(seq));
  }

  return {
    list({ app, before = Number.MAX_SAFE_INTEGER, most, which }: ListRequest): Page {
      const one = most + 1;
      return page(app, most, (lane) => [
        ...(which === "ended" ? [] : open.all(lane.lane, before, one).map((row) => shownOpen(lane, row))),
        ...(which === "open" ? [] : ended.all(lane.lane, before, one).map((row) => shownEnded(lane, row))),
      ]);
    },
    listDead({ app, before = Number.MAX_SAFE_INTEGER, most }: { app: string; before?: number | undefined; most: number }): Page {
      return page(app, most, (lane) => dead.all(lane.lane, before, most + 1).map((row) => shownEnded(lane, row)));
    },
    show({ app, id }: { app: string; id: string }): FoundEvent | null {
      const row = db.prepare("SELECT events.*, payloads.bytes AS payload FROM events JOIN payloads USING (seq) WHERE id = ?").get(id);
      if (row !== undefined) {
        const lane = lanes.at(Number(row["lane"]));
        return lane?.app === app ? { ...shownOpen(lane, row), ...aroundOf(lane, row), ...payloadOf(row), result: null } : null;
      }
      const over = db.prepare("SELECT * FROM ended WHERE id = ?").get(id);
      if (over === undefined) return null;
      const lane = lanes.at(Number(over["lane"]));
      if (lane?.app !== app) return null;
      const letter = db.prepare("SELECT about, payload FROM dead WHERE seq = ?").get(over["seq"]!);
      const ended = { ...shownEnded(lane, over), lane: lane.lane, before: null, isPaused: false };
      return { ...ended, ...(letter && payloadOf(letter)), result: (over["result"] as Uint8Array | null) ?? null };
    },
    /** Runs dead letters of the app again, as new events with the ids that they had. */
    redrive({ now, ...which }: DeadLetters & { now: number }): RedriveResult {
      const woken = new Set<number>();
      const all = deadIds(which);
      for (const seq of all) {
        const letter = db.prepare("SELECT * FROM dead WHERE seq = ?").get(seq)!;
        const over = db.prepare("SELECT * FROM ended WHERE seq = ?").get(seq)!;
        db.prepare("DELETE FROM dead WHERE seq = ?").run(seq);
        db.prepare("DELETE FROM ended WHERE seq = ?").run(seq);
        const { retry } = JSON.parse(String(letter["about"])) as About;
        const lane = Number(letter["lane"]);
        insert({
          id: String(over["id"]),
          lane,
          priority: Number(letter["priority"]),
          orderKey: letter["order_key"] === null ? null : String(letter["order_key"]),
          dueAt: now,
          acceptedAt: now,
          maxAgeMs: retry.maxAgeMs,
          source: String(over["source"]),
          about: String(letter["about"]),
          payload: letter["payload"] as Uint8Array,
        });
        woken.add(lane);
      }
      return { count: all.length, lanes: [...woken] };
    },
    /** The number of the app's newest dead letter; 0 if there is none. */
    lastDead: ({ app }: { app: string }): number =>
      Number(db.prepare("SELECT max(seq) AS seq FROM dead JOIN lanes USING (lane) WHERE app = ?").get(app)?.["seq"] ?? 0),
    purgeDead(which: DeadLetters): number {
      const all = deadIds(which);
      for (const seq of all) {
        db.prepare("DELETE FROM dead WHERE seq = ?").run(seq);
        db.prepare("UPDATE ended SET why = why || ' The dead letter was removed.' WHERE seq = ?").run(seq);
      }
      return all.length;
    },
    /** Of each lane of the app that has events which have not ended, the one that is to run next; or else one that runs, or the first one that is to come. */
    fronts({ app }: { app: string }): Front[] {
      return lanes.ofApp(app).flatMap((lane) => {
        const row = lane.events === 0 ? undefined : (nextOf.get(lane.lane) ?? firstOf.get(lane.lane));
        return row === undefined ? [] : [{ ...shownOpen(lane, row), ...aroundOf(lane, row), events: lane.events }];
      });
    },
    /** The number of events that have not ended, by app. */
    openByApp(): { app: string; events: number }[] {
      return openSums.all().map(({ app, events }) => ({ app: String(app), events: Number(events) }));
    },
    /** What waits, by lane. */
    counts({ app }: { app: string }) {
      return lanes.ofApp(app);
    },
  };
}

export interface ListRequest {
  app: string;
  before?: number | undefined;
  most: number;
  which: "open" | "ended" | "all";
}

interface DeadLetters {
  app: string;
  /** Null: all, up to `most` of them. */
  ids: readonly string[] | null;
  /** Of all, those up to this number. */
  upTo?: number;
  most?: number;
}

interface Around {
  lane: number;
  /** The id of the one that is before it by its order key. */
  before: string | null;
  /** Whether its lane is paused. */
  isPaused: boolean;
}

export type FoundEvent = ShownEvent & Around & Partial<ShownPayload> & { result: Uint8Array | null };
/** @property events of the lane that have not ended */
export type Front = ShownEvent & Around & { events: number };

export interface RedriveResult {
  count: number;
  lanes: number[];
}

type Row = Record<string, SQLOutputValue>;

function shownOpen({ performer, app, target }: Lane, row: Row): ShownEvent {
  return {
    performer,
    app,
    target,
    seq: Number(row["seq"]),
    id: String(row["id"]),
    state: names[Number(row["state"])]!,
    source: JSON.parse(String(row["source"])) as EventSource,
    acceptedAt: Number(row["accepted_at"]),
    dueAt: Number(row["due_at"]),
    endedAt: null,
    attempts: Number(row["failures"]),
    why: row["last"] === null ? null : String(row["last"]),
    bytes: Number(row["bytes"]),
  };
}

function shownEnded({ performer, app, target }: Lane, row: Row): ShownEvent {
  return {
    performer,
    app,
    target,
    seq: Number(row["seq"]),
    id: String(row["id"]),
    state: String(row["outcome"]) as EventEnd,
    source: JSON.parse(String(row["source"])) as EventSource,
    acceptedAt: Number(row["accepted_at"]),
    dueAt: null,
    endedAt: Number(row["ended_at"]),
    attempts: Number(row["attempts"]),
    why: row["why"] === null ? null : String(row["why"]),
    bytes: row["bytes"] === undefined || row["bytes"] === null ? null : Number(row["bytes"]),
  };
}

function payloadOf(row: Row): ShownPayload {
  return { payload: row["payload"] as Uint8Array, about: JSON.parse(String(row["about"])) as About };
}
