/** The operations on triggers, in the thread of the events' file. Times are wall clock, in milliseconds since the epoch. */
import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import { MayflyError } from "../../../base/errors/error.ts";
import type { Accepted, NewEvent } from "../../event.ts";
import type { acceptOperations, WaitingLimits } from "../../store/accept.ts";
import type { NextFiring } from "../plan-firing.ts";
import type { StoredTrigger, Timing, TriggerDefinition, TriggerOwner } from "../trigger.ts";

/** A trigger with its first time. */
export interface PlannedTrigger extends TriggerDefinition {
  next: NextFiring | null;
  /** Left out: as before. */
  isPaused?: boolean;
}

/** What a trigger that was due has come to. */
export interface Fired {
  trigger: number;
  /** The time for which it was planned: if the trigger has another one by now, nothing is done. */
  dueAt: number;
  events: NewEvent[];
  missed: number;
  next: NextFiring | null;
  /** Whether it is removed now. */
  isOver: boolean;
  /** Why it cannot fire now: it is tried again at `retryAt`. */
  refused?: { why: string; retryAt: number };
}

export interface FiredEvents {
  /** New events, by their ids, with their lanes and the numbers of these. */
  accepted: { id: string; lane: number; to: NewEvent["lane"]; dueAt: number }[];
  /** Triggers whose events found no room, and why. */
  refused: { trigger: number; why: string }[];
}

/** See triggered(). */
export interface Triggered {
  app: string;
  owner: TriggerOwner;
  name: string;
  byHand: boolean;
  /** Of what is followed, whose trigger must be here: see Triggers.follow(). */
  mark?: number;
  events: NewEvent[];
  now: number;
  most: WaitingLimits;
}

interface DueTriggers {
  now: number;
  most: number;
  ahead: { from: number; until: number };
}

interface FoundDue {
  due: StoredTrigger[];
  coming: StoredTrigger[];
  /** When the next one is due, and when the next one that is due later than `ahead`; null: there is none. */
  nextAt: { due: number | null; coming: number | null };
}

interface TriggersFrom {
  app: string;
  owner: TriggerOwner;
  from: string;
  end: string;
  most: number;
}

type Row = Record<string, SQLOutputValue>;

/** Between two tries of a trigger whose events found no room, milliseconds. */
const FULL_MS = 5_000;

export function triggerOperations(db: DatabaseSync, { accept }: Pick<ReturnType<typeof acceptOperations>, "accept">) {
  const find = db.prepare("SELECT * FROM triggers WHERE app = ? AND owner = ? AND name = ?");
  const at = db.prepare("SELECT * FROM triggers WHERE trigger = ?");
  const ofOwner = db.prepare("SELECT * FROM triggers WHERE app = ? AND owner = ? ORDER BY name");
  const between = db.prepare("SELECT * FROM triggers WHERE app = ? AND owner = ? AND name >= ? AND name < ? ORDER BY name LIMIT ?");
  const ofBuses = db.prepare("SELECT * FROM triggers WHERE kind = 'bus' ORDER BY app, name");
  const insert = db.prepare(
    "INSERT INTO triggers (app, owner, name, target, kind, timing, definition, paused, anchor, due_at, fires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
  );
  const update = db.prepare("UPDATE triggers SET target = ?, kind = ?, timing = ?, definition = ? WHERE trigger = ?");
  const replan = db.prepare("UPDATE triggers SET anchor = ?, due_at = ?, fires_at = ?, refusals = 0, why = NULL WHERE trigger = ?");
  const remove = db.prepare("DELETE FROM triggers WHERE trigger = ?");
  const due = db.prepare("SELECT * FROM triggers WHERE fires_at > ? AND fires_at <= ? AND paused = 0 ORDER BY fires_at LIMIT ?");
  const nextDue = db.prepare("SELECT min(fires_at) AS at FROM triggers WHERE fires_at > ? AND paused = 0");
  const advance = db.prepare(
    "UPDATE triggers SET due_at = ?, fires_at = ?, refusals = 0, missed = missed + ?, why = NULL WHERE trigger = ?",
  );
  const postpone = db.prepare("UPDATE triggers SET fires_at = ?, refusals = refusals + 1, why = ? WHERE trigger = ?");
  const ran = db.prepare("UPDATE triggers SET last_at = ?, last_event = ?, fired = fired + 1, why = NULL WHERE trigger = ?");
  const setMark = db.prepare("UPDATE triggers SET mark = ? WHERE trigger = ?");
  const setPaused = db.prepare("UPDATE triggers SET paused = ? WHERE trigger = ?");
  const revisions = db.prepare("SELECT app, revision FROM trigger_apps");
  const setRevision = db.prepare("INSERT OR REPLACE INTO trigger_apps VALUES (?, ?)");
  const dropRevision = db.prepare("DELETE FROM trigger_apps WHERE app = ?");

  function put(app: string, owner: TriggerOwner, given: PlannedTrigger, now: number): void {
    const timing = given.timing === undefined ? null : JSON.stringify(given.timing);
    const definition = JSON.stringify(given.definition ?? null);
    const { name, target, kind, next, isPaused } = given;
    const known = find.get(app, owner, name);
    if (known === undefined) {
      const paused = Number(isPaused ?? false);
      insert.run(app, owner, name, target, kind, timing, definition, paused, now, next?.dueAt ?? null, next?.firesAt ?? null);
      return;
    }
    update.run(target, kind, timing, definition, known["trigger"]!);
    if (isPaused !== undefined) setPaused.run(Number(isPaused), known["trigger"]!);
    // What is as it was goes on: a deploy does not shift intervals, and does not let a time pass that is due just now.
    const goesOn = isPaused === false && known["paused"] === 1;
    if (known["timing"] !== timing || goesOn) replan.run(now, next?.dueAt ?? null, next?.firesAt ?? null, known["trigger"]!);
  }

  /** One savepoint: the events of a trigger are accepted together with its next time, or none of them. */
  function fire({ trigger, events, missed, next, isOver }: Fired, now: number, most: WaitingLimits, out: FiredEvents): void {
    db.exec("SAVEPOINT firing");
    try {
      const accepted: FiredEvents["accepted"] = [];
      for (const event of events) {
        const { lane, id, isNew } = accept({ event, now, most });
        if (isNew) accepted.push({ id: event.id, lane, to: event.lane, dueAt: event.dueAt ?? now });
        ran.run(now, id, trigger);
      }
      if (isOver) remove.run(trigger);
      else advance.run(next?.dueAt ?? null, next?.firesAt ?? null, missed, trigger);
      db.exec("RELEASE firing");
      out.accepted.push(...accepted);
    } catch (error) {
      if (!(error instanceof MayflyError) || !db.isTransaction) throw error;
      db.exec("ROLLBACK TO firing; RELEASE firing");
      postpone.run(now + FULL_MS, error.message, trigger);
      out.refused.push({ trigger, why: error.message });
    }
  }

  return {
    /**
     * Takes over the triggers of an app's manifest: those that are new are added, those that it no longer has are removed, and those whose times are as before keep them.
     */
    takeOver({ app, revision, triggers, now }: { app: string; revision: string; triggers: PlannedTrigger[]; now: number }): void {
      const names = new Set(triggers.map(({ name }) => name));
      for (const row of ofOwner.all(app, "manifest")) if (!names.has(String(row["name"]))) remove.run(row["trigger"]!);
      for (const trigger of triggers) put(app, "manifest", trigger, now);
      if (triggers.length > 0) setRevision.run(app, revision);
      else dropRevision.run(app);
    },
    /** The apps that have triggers, with the revisions that these are of. */
    takenOver: (): { app: string; revision: string }[] =>
      revisions.all().map(({ app, revision }) => ({ app: String(app), revision: String(revision) })),
    /** Adds a trigger, or changes it. */
    putTrigger({ app, owner, trigger, now }: { app: string; owner: TriggerOwner; trigger: PlannedTrigger; now: number }): void {
      put(app, owner, trigger, now);
    },
    removeTrigger({ app, owner, name }: { app: string; owner: TriggerOwner; name: string }): boolean {
      const row = find.get(app, owner, name);
      if (row !== undefined) remove.run(row["trigger"]!);
      return row !== undefined;
    },
    triggersOf: ({ app, owner }: { app: string; owner: TriggerOwner }): StoredTrigger[] => ofOwner.all(app, owner).map(readTrigger),
    findTrigger({ app, owner, name }: { app: string; owner: TriggerOwner; name: string }): StoredTrigger | null {
      const row = find.get(app, owner, name);
      return row === undefined ? null : readTrigger(row);
    },
    /** In the order of their names: those from `from` on, and before `end`. */
    triggersFrom: ({ app, owner, from, end, most }: TriggersFrom): StoredTrigger[] =>
      between.all(app, owner, from, end, most).map(readTrigger),
    /** The triggers of manifests that ask for events of buses, of all apps. */
    busTriggers: (): StoredTrigger[] => ofBuses.all().map(readTrigger),
    /** An event of the trigger was accepted. */
    noteRun({ trigger, id, now }: { trigger: number; id: string; now: number }): void {
      ran.run(now, id, trigger);
    },
    /** Those that are due, the earliest first; if there are none, those that are due within `ahead`, without its beginning. */
    dueTriggers({ now, most, ahead }: DueTriggers): FoundDue {
      const found = due.all(-1, now, most).map(readTrigger);
      const coming = found.length > 0 ? [] : due.all(ahead.from, ahead.until, most).map(readTrigger);
      return { due: found, coming, nextAt: { due: timeIn(nextDue.get(-1)), coming: timeIn(nextDue.get(ahead.until)) } };
    },
    /** Stores the events of triggers that were due, with their next times. What was changed, paused or removed meanwhile is left alone. */
    fireTriggers({ fired, now, most }: { fired: Fired[]; now: number; most: WaitingLimits }): FiredEvents {
      const out: FiredEvents = { accepted: [], refused: [] };
      for (const each of fired) {
        const row = at.get(each.trigger);
        if (row === undefined || row["paused"] === 1 || row["due_at"] !== each.dueAt) continue;
        if (each.refused !== undefined) postpone.run(each.refused.retryAt, each.refused.why, each.trigger);
        else fire(each, now, most, out);
      }
      return out;
    },
    /**
     * Events that came to a trigger from outside, or by hand. All of them are accepted, or none. Those from outside were found in the live revision, which may have been
     * deployed just now, so that the trigger is not here yet. Throws "too-many-events"; if they came by hand "no-such-trigger", otherwise "trigger-paused".
     */
    triggered({ app, owner, name, byHand, mark, events, now, most }: Triggered): (Accepted & { lane: number })[] {
      const row = find.get(app, owner, name);
      if (row === undefined && (byHand || mark !== undefined)) throw new MayflyError("no-such-trigger", { trigger: name });
      if (row?.["paused"] === 1 && !byHand) throw new MayflyError("trigger-paused", { trigger: name });
      if (mark !== undefined) setMark.run(mark, row!["trigger"]!);
      return events.map((event) => {
        const accepted = accept({ event, now, most });
        if (accepted.isNew && row !== undefined) ran.run(now, accepted.id, row["trigger"]!);
        return accepted;
      });
    },
    /** What the trigger follows has become events, or was passed over, up to there. */
    markTrigger({ app, owner, name, mark }: { app: string; owner: TriggerOwner; name: string; mark: number }): void {
      const row = find.get(app, owner, name);
      if (row !== undefined) setMark.run(mark, row["trigger"]!);
    },
    /** While it is paused it does not fire; what it misses meanwhile is passed over. @param next its first time after the pause */
    pauseTrigger({ trigger, isPaused, next }: { trigger: number; isPaused: boolean; next: NextFiring | null }): void {
      const row = at.get(trigger);
      if (row === undefined || (row["paused"] === 1) === isPaused) return;
      setPaused.run(Number(isPaused), trigger);
      if (!isPaused) replan.run(row["anchor"]!, next?.dueAt ?? null, next?.firesAt ?? null, trigger);
    },
    removeTriggersOf({ app }: { app: string }): void {
      db.prepare("DELETE FROM triggers WHERE app = ?").run(app);
      dropRevision.run(app);
    },
  };
}

function readTrigger(row: Row): StoredTrigger {
  const timing = row["timing"] === null ? undefined : (JSON.parse(String(row["timing"])) as Timing);
  return {
    trigger: Number(row["trigger"]),
    app: String(row["app"]),
    owner: row["owner"] as TriggerOwner,
    name: String(row["name"]),
    target: String(row["target"]),
    kind: row["kind"] as StoredTrigger["kind"],
    ...(timing && { timing }),
    definition: JSON.parse(String(row["definition"])) as unknown,
    isPaused: row["paused"] === 1,
    anchor: Number(row["anchor"]),
    dueAt: orNull(row["due_at"]),
    firesAt: orNull(row["fires_at"]),
    refusals: Number(row["refusals"]),
    mark: orNull(row["mark"]),
    last: row["last_at"] === null ? null : { at: Number(row["last_at"]), event: String(row["last_event"]) },
    why: row["why"] === null ? null : String(row["why"]),
    fired: Number(row["fired"]),
    missed: Number(row["missed"]),
  };
}

function timeIn(row: Row | undefined): number | null {
  return orNull(row?.["at"]);
}

function orNull(value: SQLOutputValue | undefined): number | null {
  return value === null || value === undefined ? null : Number(value);
}
