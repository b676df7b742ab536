/**
 * The process that carries out the statements of one tenant, as a user of its own, in the tenant's folder, without a network and without privileges. A statement cannot be
 * interrupted from its own thread, so the server ends this process if one takes too long; what was committed stays.
 */
import { mkdirSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { confine } from "./confine.ts";
import { Frames, type FromSql, frameOf, type SqlJob, type ToSql } from "./messages.ts";
import { failureOf, runRequest } from "./run-request.ts";

const job = JSON.parse(process.argv[2]!) as SqlJob;
if (job.confine !== undefined) confine(job.confine.uid, job.folder);
const root = job.confine === undefined ? job.folder : "";

/** Databases that are open at a time. */
const MOST_OPEN = 20;
const open = new Map<string, DatabaseSync>();
const frames = new Frames();

// oxlint-disable-next-line mayfly/guarded-listeners -- what it throws ends this process, and the server starts another
process.stdin.on("data", (chunk: Buffer) => {
  for (const frame of frames.take(chunk)) answer(JSON.parse(frame.toString()) as ToSql);
});
// oxlint-disable-next-line mayfly/guarded-listeners -- its end is what is wanted
process.stdin.on("end", () => process.exit(0));
tell({ ready: true });

function answer({ app, name, request, mostBytes }: ToSql): void {
  try {
    tell({ results: runRequest(databaseOf(app, name, mostBytes), request) });
  } catch (error) {
    tell({ failed: failureOf(error) });
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
