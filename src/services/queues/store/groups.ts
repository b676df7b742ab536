import type { DatabaseSync } from "node:sqlite";

/**
 * Groups of messages. A group is there as long as it has messages. Those of a FIFO queue are in order; in other queues, groups are *loose*: each message may be received when it is
 * visible, and groups take turns, so that one with many messages keeps no other waiting.
 */
export interface Groups {
  /** The number of the group that a new message belongs to, which is visible at `readyAt`, in a FIFO queue if it is the first. */
  join(queue: number, name: string, readyAt: number, isLoose: boolean): number;
  /** Those that have a visible message, in a FIFO queue a visible first one, in their turns. */
  ready(queue: number, now: number): number[];
  /** Called when messages of the group were given away: the others are next. */
  served(grp: number): void;
  /** Called when messages of the group changed or went. */
  settle(grp: number): void;
  /** When the next group is ready; null if there is none. */
  nextAt(queue: number): number | null;
}

/** How many of the groups that are ready a receive looks at. */
const AT_ONCE = 50;
/** Groups, ready or not, that are looked at in their turns: of those behind them, the ones that have been ready for longest are next. */
const MOST_LOOKED_AT = 1_000;

export function createGroups(db: DatabaseSync): Groups {
  const find = db.prepare("SELECT grp, ready_at FROM groups WHERE queue = ? AND name = ?");
  const insert = db.prepare("INSERT INTO groups (queue, name, turn, ready_at, loose) VALUES (?, ?, ?, ?, ?)");
  const loose = db.prepare("SELECT loose FROM groups WHERE grp = ?");
  const soonest = db.prepare("SELECT visible_at FROM messages WHERE grp = ? ORDER BY visible_at LIMIT 1");
  const inTurns = db.prepare(`SELECT grp, ready_at FROM groups WHERE queue = ? ORDER BY turn LIMIT ${MOST_LOOKED_AT}`);
  const longest = db.prepare(`SELECT grp FROM groups WHERE queue = ? AND ready_at <= ? ORDER BY ready_at LIMIT ${AT_ONCE}`);
  const setTurn = db.prepare("UPDATE groups SET turn = ? WHERE grp = ?");
  const head = db.prepare("SELECT visible_at FROM messages WHERE grp = ? ORDER BY seq LIMIT 1");
  const setReady = db.prepare("UPDATE groups SET ready_at = ? WHERE grp = ?");
  const remove = db.prepare("DELETE FROM groups WHERE grp = ?");
  const next = db.prepare("SELECT min(ready_at) AS at FROM groups WHERE queue = ?");
  let lastTurn = Number(db.prepare("SELECT max(turn) AS turn FROM groups").get()?.["turn"] ?? 0);
  const nextAt = (queue: number) => {
    const at = next.get(queue)?.["at"] ?? null;
    return at === null ? null : Number(at);
  };
  return {
    join(queue, name, readyAt, isLoose) {
      const known = find.get(queue, name);
      if (known === undefined) return Number(insert.run(queue, name, ++lastTurn, readyAt, isLoose ? 1 : 0).lastInsertRowid);
      if (isLoose && readyAt < Number(known["ready_at"])) setReady.run(readyAt, known["grp"]!);
      return Number(known["grp"]);
    },
    ready(queue, now) {
      if ((nextAt(queue) ?? Infinity) > now) return [];
      const found = new Set<number>();
      for (const { grp, ready_at: at } of inTurns.iterate(queue)) {
        if (Number(at) <= now) found.add(Number(grp));
        if (found.size >= AT_ONCE) return [...found];
      }
      for (const { grp } of longest.all(queue, now)) found.add(Number(grp));
      return [...found].slice(0, AT_ONCE);
    },
    served: (grp) => void setTurn.run(++lastTurn, grp),
    settle(grp) {
      const first = Number(loose.get(grp)?.["loose"]) === 1 ? soonest.get(grp) : head.get(grp);
      if (first === undefined) remove.run(grp);
      else setReady.run(first["visible_at"]!, grp);
    },
    nextAt,
  };
}
