import { randomUUID } from "node:crypto";
import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import { MayflyError } from "../../../base/errors/error.ts";
import type { MoveState, MoveTask, QueueRef } from "../queue.ts";
import type { QueueBook, QueueRow } from "./book.ts";
import type { Groups } from "./groups.ts";
import { messageQuery, type MessageRow } from "./message-query.ts";
import type { MessageTable } from "./messages.ts";

export interface MovedSome {
  task: MoveTask;
  /** Queues that have got messages. */
  woken: number[];
}

export function moveOperations(db: DatabaseSync, book: QueueBook, groups: Groups, table: MessageTable) {
  const insert = db.prepare(
    "INSERT INTO moves (id, tenant, queue, source, target, per_second, state, total, last_seq, started_at) VALUES (?, ?, ?, ?, ?, ?, 'running', ?, ?, ?)",
  );
  const lastSeq = db.prepare("SELECT max(seq) AS seq FROM messages WHERE queue = ?");
  const ofQueue = db.prepare("SELECT * FROM moves WHERE queue = ? ORDER BY move DESC LIMIT ?");
  const underWay = db.prepare("SELECT 1 FROM moves WHERE queue = ? AND state = 'running'");
  const byId = db.prepare("SELECT * FROM moves WHERE id = ?");
  const running = db.prepare("SELECT * FROM moves WHERE state = 'running' ORDER BY move");
  const setState = db.prepare("UPDATE moves SET state = ?, why = ? WHERE id = ?");
  const setMoved = db.prepare("UPDATE moves SET moved = moved + ? WHERE id = ?");
  const forget = db.prepare(
    "DELETE FROM moves WHERE queue = ? AND move NOT IN (SELECT move FROM moves WHERE queue = ? ORDER BY move DESC LIMIT 10)",
  );
  const movable = ["grp IS NULL", "grp IS NOT NULL"].map((which) =>
    messageQuery(db, `WHERE queue = ? AND ${which} AND visible_at <= ? AND seq <= ? ORDER BY visible_at, seq LIMIT 0 + ?`),
  );

  function end(id: string, state: MoveState, why: string | null = null): void {
    setState.run(state, why, id);
  }

  /** Where a message goes; undefined: nowhere. */
  function targetOf(task: MoveTask, row: MessageRow, tenant: string): QueueRow | undefined {
    if (task.to !== null) return book.find(tenant, task.to);
    return row.origin === null ? undefined : book.at(row.origin);
  }

  return {
    /** Throws "no-such-queue" and "move-under-way". */
    startMove({ ref, to, perSecond, now }: { ref: QueueRef; to: string | null; perSecond: number | null; now: number }): MoveTask {
      const queue = book.get(ref);
      if (to !== null) book.get({ ...ref, name: to });
      if (underWay.get(queue.queue) !== undefined) throw new MayflyError("move-under-way", { name: queue.name });
      const id = randomUUID();
      const last = Number(lastSeq.get(queue.queue)?.["seq"] ?? 0);
      insert.run(id, queue.tenant, queue.queue, queue.name, to, perSecond, queue.messages, last, now);
      forget.run(queue.queue, queue.queue);
      return readMove(byId.get(id)!);
    },
    listMoves({ ref, most }: { ref: QueueRef; most: number }): MoveTask[] {
      return ofQueue.all(book.get(ref).queue, most).map(readMove);
    },
    /** Throws "no-such-move", also for one that has ended. */
    cancelMove({ tenant, id }: { tenant: string; id: string }): MoveTask {
      const row = byId.get(id);
      if (row === undefined || row["tenant"] !== tenant || row["state"] !== "running") throw new MayflyError("no-such-move", { id });
      end(id, "cancelled");
      return readMove(byId.get(id)!);
    },
    runningMoves: (): MoveTask[] => running.all().map(readMove),
    /** Moves some of the messages. The task has ended if there are no more. */
    moveSome({ id, most, now }: { id: string; most: number; now: number }): MovedSome | null {
      const found = byId.get(id);
      if (found === undefined) return null;
      const task = readMove(found);
      const from = book.at(Number(found["queue"]));
      if (task.state !== "running" || from === undefined) return { task, woken: [] };
      const woken = new Set<number>();
      const rows = movable.flatMap((query) => query.all(from.queue, now, found["last_seq"]!, most)).slice(0, most);
      let moved = 0;
      for (const row of rows) {
        const to = targetOf(task, row, from.tenant);
        if (to === undefined) {
          end(id, "failed", "A message came from no queue that is still there.");
          break;
        }
        table.move(row, from, to, { id: row.id, receives: 0, firstAt: null, origin: null, sentAt: now, now });
        woken.add(to.queue);
        moved++;
      }
      for (const grp of new Set(rows.flatMap((row) => row.grp ?? []))) groups.settle(grp);
      setMoved.run(moved, id);
      if (rows.length === 0) end(id, "completed");
      return { task: readMove(byId.get(id)!), woken: [...woken] };
    },
  };
}

function readMove(row: Record<string, SQLOutputValue>): MoveTask {
  return {
    id: String(row["id"]),
    from: String(row["source"]),
    to: row["target"] === null ? null : String(row["target"]),
    perSecond: row["per_second"] === null ? null : Number(row["per_second"]),
    state: String(row["state"]) as MoveState,
    moved: Number(row["moved"]),
    total: Number(row["total"]),
    startedAt: Number(row["started_at"]),
    why: row["why"] === null ? null : String(row["why"]),
  };
}
