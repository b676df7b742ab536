import { isDeepStrictEqual } from "node:util";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { MayflyError } from "../../../base/errors/error.ts";
import {
  defaultSettings,
  isFor,
  type NewQueue,
  type Queue,
  type QueueCounts,
  type QueueDepth,
  type QueueLimits,
  type QueueRef,
  type QueueSettings,
} from "../queue.ts";
import type { ListQueues, QueueOwner } from "../queues.ts";
import { type QueueBook, type QueueRow, shown } from "./book.ts";

/** The operations on queues themselves. */
export function defineOperations(db: DatabaseSync, book: QueueBook) {
  const { counts } = book;
  const insert = db.prepare("INSERT INTO queues (tenant, app, name, settings, tags, created_at, changed_at) VALUES (?, ?, ?, ?, ?, ?, ?)");
  const update = db.prepare("UPDATE queues SET settings = ?, tags = ?, changed_at = ? WHERE queue = ?");
  const [hiddenAlone, hiddenGrouped] = ["alone", "grouped"].map((which) =>
    db.prepare(
      `SELECT count(*) AS n FROM messages INDEXED BY due_${which} WHERE queue = ? AND visible_at > ? AND grp IS ${which === "alone" ? "" : "NOT "}NULL`,
    ),
  ) as [StatementSync, StatementSync];
  const inFlight = db.prepare(
    "SELECT count(*) AS n FROM messages INDEXED BY in_flight WHERE queue = ? AND visible_at > ? AND receives > 0",
  );
  const page = db.prepare("SELECT * FROM queues WHERE tenant = ? AND removed = 0 AND name > ? ORDER BY name LIMIT 1000");
  const all = db.prepare("SELECT * FROM queues WHERE removed = 0 ORDER BY queue");
  const setRemoved = db.prepare("UPDATE queues SET removed = 1 WHERE queue = ?");
  const ofApp = db.prepare("SELECT * FROM queues WHERE app = ? AND removed = 0");
  const ofTenant = db.prepare("SELECT * FROM queues WHERE tenant = ? AND removed = 0");

  function settingsOf({ queue: _queue, ...row }: QueueRow): QueueSettings {
    const keys = Object.keys(defaultSettings) as (keyof QueueSettings)[];
    return Object.fromEntries(keys.map((key) => [key, row[key]])) as unknown as QueueSettings;
  }

  /** Throws "no-such-queue" and "dead-letters-refused". */
  function assertTaken({ tenant, app, name }: Pick<Queue, "tenant" | "app" | "name">, { deadLetters, isFifo }: QueueSettings): void {
    if (deadLetters === null) return;
    // What fails in one app must not end in the queue of another one that does not want it.
    const target = book.get({ tenant, name: deadLetters.queue, apps: app === null ? null : [app], withShared: true });
    if (target.isFifo !== isFifo) throw new MayflyError("dead-letters-refused", { name: deadLetters.queue, what: "is of another kind" });
    if (target.takesFrom !== null && !target.takesFrom.includes(name))
      throw new MayflyError("dead-letters-refused", { name: deadLetters.queue, what: "does not take them from this queue" });
  }

  function remove(row: QueueRow): void {
    setRemoved.run(row.queue);
    counts.changed(row.queue);
    counts.addQueues(row, -1);
  }

  function matches(row: QueueRow, { apps = null, withShared = false, prefix = "", deadLettersTo }: ListQueues): boolean {
    if (!isFor(row, { apps, withShared })) return false;
    if (deadLettersTo !== undefined && row.deadLetters?.queue !== deadLettersTo) return false;
    return row.name.startsWith(prefix);
  }

  function countsOf({ queue, messages }: Pick<QueueRow, "queue" | "messages">, now: number): Omit<QueueCounts, "bytes"> {
    if (messages === 0) return { visible: 0, inFlight: 0, delayed: 0 };
    const [alone, grouped, received] = [hiddenAlone, hiddenGrouped, inFlight].map((count) => Number(count.get(queue, now)!["n"])) as [
      number,
      number,
      number,
    ];
    const all = alone + grouped;
    return { visible: messages - all, inFlight: received, delayed: all - received };
  }

  return {
    create({ tenant, app, name, settings, tags, now, most }: NewQueue & { now: number; most: QueueLimits }): Queue {
      const known = book.find(tenant, name);
      if (known !== undefined) {
        if (known.app !== app) throw new MayflyError("queue-exists", { name, what: "app" });
        const differs = (Object.keys(settings) as (keyof QueueSettings)[]).find((key) => !isDeepStrictEqual(known[key], settings[key]));
        if (differs !== undefined) throw new MayflyError("queue-exists", { name, what: differs });
        return shown(known);
      }
      if (counts.held({ tenant, app }).queues >= most.queues) throw new MayflyError("too-many-queues", { limit: most.queues });
      const all = { ...defaultSettings, ...settings };
      assertTaken({ tenant, app, name }, all);
      assertTags(tags);
      const { lastInsertRowid } = insert.run(tenant, app ?? "", name, JSON.stringify(all), JSON.stringify(tags), now, now);
      counts.changed(Number(lastInsertRowid));
      counts.addQueues({ tenant, app }, 1);
      return shown(book.find(tenant, name)!);
    },
    find({ now, ...ref }: QueueRef & { now: number }): Queue & QueueCounts {
      const row = book.get(ref);
      return { ...shown(row), ...countsOf(row, now), bytes: row.bytes };
    },
    depths({ now, most }: { now: number; most: number }): QueueDepth[] {
      return all.all().map((found, at) => {
        const row = book.read(found);
        const { tenant, app, name, messages } = row;
        const counts = at < most ? countsOf(row, now) : { visible: messages, inFlight: 0, delayed: 0 };
        return Object.assign(counts, { tenant, app, name });
      });
    },
    list(of: ListQueues): Queue[] {
      const found: Queue[] = [];
      for (let after = of.after ?? ""; ;) {
        const rows = page.all(of.tenant, after).map((row) => book.read(row));
        for (const row of rows) {
          if (matches(row, of)) found.push(shown(row));
          if (found.length >= of.most) return found;
        }
        if (rows.length < 1_000) return found;
        after = rows.at(-1)!.name;
      }
    },
    change({ ref, settings, now }: { ref: QueueRef; settings: Partial<QueueSettings>; now: number }): void {
      const row = book.get(ref);
      const all = { ...settingsOf(row), ...settings };
      if (settings.deadLetters !== undefined) assertTaken(row, all);
      update.run(JSON.stringify(all), JSON.stringify(row.tags), now, row.queue);
      counts.changed(row.queue);
    },
    tag({ ref, tags, remove: names }: { ref: QueueRef; tags: Readonly<Record<string, string>>; remove: readonly string[] }): void {
      const row = book.get(ref);
      const kept = Object.fromEntries(Object.entries({ ...row.tags, ...tags }).filter(([name]) => !names.includes(name)));
      assertTags(kept);
      update.run(JSON.stringify(settingsOf(row)), JSON.stringify(kept), row.changedAt, row.queue);
      counts.changed(row.queue);
    },
    /** What is in it goes by clear(). Returns its number. */
    remove(ref: QueueRef): number {
      const row = book.get(ref);
      remove(row);
      return row.queue;
    },
    /** Removes the queues of an app, or all of a tenant. Returns their numbers. */
    removeOf(of: QueueOwner): number[] {
      const rows = ("tenant" in of ? ofTenant.all(of.tenant) : ofApp.all(of.app)).map((row) => book.read(row));
      for (const row of rows) remove(row);
      return rows.map(({ queue }) => queue);
    },
  };
}

const MOST_TAGS = 50;
/** Characters of a tag's name and of its value, as AWS has them. */
const MOST_OF_TAG = 128;
const MOST_OF_VALUE = 256;

/** Throws "bad-request". They are read with each look at the queue. */
function assertTags(tags: Readonly<Record<string, string>>): void {
  const all = Object.entries(tags);
  const refused = (what: string) => new MayflyError("bad-request", { what });
  if (all.length > MOST_TAGS) throw refused(`a queue has at most ${MOST_TAGS} tags`);
  if (all.some(([name, value]) => name === "" || name.length > MOST_OF_TAG || value.length > MOST_OF_VALUE))
    throw refused(`the name of a tag has 1 to ${MOST_OF_TAG} characters, and its value at most ${MOST_OF_VALUE}`);
}
