/**
 * The process that carries out the statements of one tenant, as a user of its own, in the tenant's folder, without a network and without privileges. A statement cannot be
 * interrupted from its own thread, so the server ends this process if one takes too long; what was committed stays.
 */
import { constants, copyFileSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { confine } from "./confine.ts";
import type { SqlRequest, SqlResult } from "../sql.ts";
import { Copies, onDisk } from "./copies.ts";
import { type CopyRules, Frames, type FromSql, frameOf, type SqlJob, type ToSql } from "./messages.ts";
import { failureOf, runRequest } from "./run-request.ts";

const job = JSON.parse(process.argv[2]!) as SqlJob;
if (job.confine !== undefined) confine(job.confine.uid, job.folder);
const root = job.confine === undefined ? job.folder : "";

/** Databases that are open at a time. */
const MOST_OPEN = 20;
const open = new Map<string, DatabaseSync>();
/** Of the databases that were used. */
const copied = new Map<string, Copies>();
const frames = new Frames();

// oxlint-disable-next-line mayfly/guarded-listeners -- what it throws ends this process, and the server starts another
process.stdin.on("data", (chunk: Buffer) => {
  for (const frame of frames.take(chunk)) answer(JSON.parse(frame.toString()) as ToSql);
});
// oxlint-disable-next-line mayfly/guarded-listeners -- its end is what is wanted
process.stdin.on("end", () => process.exit(0));
tell({ ready: true });

function answer(message: ToSql): void {
  try {
    tell(done(message));
  } catch (error) {
    tell({ failed: failureOf(error) });
  }
}

function done({ app, name, mostBytes, rules, now, ask }: ToSql): FromSql {
  const copies = copiesOf(app, name);
  if ("makeCopy" in ask) return { copy: copying(() => copies.make(databaseOf(app, name, mostBytes), rules, now)) };
  if ("restore" in ask) return { copy: copying(() => restore(copies, { app, name, mostBytes, rules, now }, ask)) };
  if (ask.copy !== undefined) return { results: onCopy(copies.path(ask.copy), ask.request) };
  const db = databaseOf(app, name, mostBytes);
  copyIfDue(db, copies, rules, now);
  return { results: runRequest(db, ask.request) };
}

function copiesOf(app: string, name: string): Copies {
  const key = `${app}/${name}`;
  const known = copied.get(key) ?? new Copies(`${root}/${app}`, name);
  copied.set(key, known);
  return known;
}

/** What cannot be copied can be used all the same: its owner learns of it. */
function copyIfDue(db: DatabaseSync, copies: Copies, rules: CopyRules, now: number): void {
  if (!copies.isDue(rules, now)) return;
  tell({ copying: true });
  let failed: string | undefined;
  try {
    copies.make(db, rules, now);
  } catch (error) {
    failed = (error as Error).message.slice(0, 1_000);
  }
  tell({ copied: true, failed });
}

function copying<T>(work: () => T): T {
  tell({ copying: true });
  return work();
}

function onCopy(file: string, request: SqlRequest): SqlResult[] {
  const db = new DatabaseSync(file, { readOnly: true, enableDoubleQuotedStringLiterals: false, allowExtension: false });
  try {
    db.exec("PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF");
    return runRequest(db, request, "BEGIN");
  } finally {
    db.close();
  }
}

/** Returns the copy of what was replaced. What is in place of the database is either of the two, whenever the process ends. */
function restore(
  copies: Copies,
  { app, name, mostBytes, rules, now }: Omit<ToSql, "ask">,
  { restore: at, as }: { restore: number; as: string },
): number | null {
  const from = copies.path(at);
  const file = `${root}/${app}/${as}.db`;
  if (as !== name) {
    copyFileSync(from, file, constants.COPYFILE_EXCL);
    onDisk(file);
    return null;
  }
  const draft = `${file}.new`;
  try {
    copyFileSync(from, draft);
    onDisk(draft);
    const db = databaseOf(app, name, mostBytes);
    // It may be the copy that is restored which is removed for this one: its content is in the draft by now.
    const saved = copies.make(db, rules, now);
    // The log would be taken for that of the other file: what is in it is moved to the database, and it goes.
    if (db.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get()?.["busy"] !== 0) throw new Error("the database is being read; try again");
    open.delete(`${app}/${name}`);
    db.close();
    for (const beside of ["-wal", "-shm"]) rmSync(file + beside, { force: true });
    renameSync(draft, file);
    onDisk(`${root}/${app}`);
    return saved;
  } finally {
    rmSync(draft, { force: true });
  }
}

function databaseOf(app: string, name: string, mostBytes: number): DatabaseSync {
  const key = `${app}/${name}`;
  const known = open.get(key);
  if (known !== undefined) return known;
  if (open.size >= MOST_OPEN) closeOldest();
  mkdirSync(`${root}/${app}`, { recursive: true, mode: 0o700 });
  const db = new DatabaseSync(`${root}/${key}.db`, { timeout: 5_000, enableDoubleQuotedStringLiterals: false, allowExtension: false });
  db.exec(
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF",
  );
  db.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(mostBytes / 4_096))}`);
  open.set(key, db);
  return db;
}

function closeOldest(): void {
  const [key, db] = open.entries().next().value!;
  db.close();
  open.delete(key);
}

function tell(message: FromSql): void {
  process.stdout.write(frameOf(message));
}
