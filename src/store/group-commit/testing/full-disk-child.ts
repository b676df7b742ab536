/** Fills the disk that it is given, and prints how a file that a group commit writes behaves then: see full-disk.test.ts. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, copyFileSync, existsSync, openSync, rmSync, statSync, truncateSync, writeSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { Random, seedOf } from "../../../base/testing/random.ts";
import type { Answer } from "../batch.ts";
import { RESERVE_BYTES } from "../space-use.ts";
import { Writer } from "../writer.ts";
import { engine } from "./space-engine.ts";

const dir = process.argv[2] as string;
const [file, filler] = [join(dir, "rows.db"), join(dir, "filler")];
const seed = seedOf();
const random = new Random(seed);
console.error(`MAYFLY_SEED=${seed}`);
let answers: Answer[] = [];
let next = 0;

const open = (path = file) =>
  new Writer(
    engine,
    path,
    (some) => answers.push(...some),
    () => 0,
  );
let writer = open();

const told = {
  lives: lives(),
  usedUp: usedUp(),
  reopened: reopened(),
  withoutReserve: withoutReserve(),
  leftInLog: leftInLog(),
  killed: await killed(),
};
console.log(JSON.stringify(told));

/** Something new is refused, what frees space is not, and all is well when there is room again. */
function lives() {
  for (let count = 0; count < 300; count++) add("add", 4_000);
  const reserved = sizeOfReserve();
  fill();
  const refused = addUntilRefused("add");
  // In one batch with what frees space.
  const together = run([
    ["add", { number: 1_000_000, bytes: 500_000 }],
    ["remove", { number: 0 }],
    ["remove", { number: 1 }],
  ]);
  const removed = Array.from({ length: 200 }, (_, number) => ask("remove", { number: number + 2 })).filter((each) => each !== 1);
  const untouched = sizeOfReserve() === RESERVE_BYTES;
  rmSync(filler);
  const again = [ask("add", { number: next++, bytes: 4_000 }), sizeOfReserve()];
  return { reserved, refused, together, removed, untouched, again };
}

/** What only finishes something takes half of the reserve, so that removals go on; then these take the rest. */
function usedUp() {
  fill();
  addUntilRefused("add");
  const kept = addUntilRefused("keep");
  const half = sizeOfReserve() >= RESERVE_BYTES / 2 - 262_144;
  const [first] = ask("numbers", null) as number[];
  const removed = ask("remove", { number: first! });
  const stillRefused = addUntilRefused("add");
  return { kept, half, removed, stillRefused };
}

/** A start on a full disk. */
function reopened() {
  rmSync(filler);
  ask("removeAll", null);
  for (let count = 0; count < 300; count++) add("add", 4_000);
  writer.close();
  fill();
  writer = open();
  const [first] = ask("numbers", null) as number[];
  const removed = ask("remove", { number: first! });
  const lent = RESERVE_BYTES - sizeOfReserve();
  const refused = addUntilRefused("add");
  // Who fills again what was freed eats nothing of the reserve.
  for (let number = first! + 1; number < first! + 250; number++) {
    ask("remove", { number });
    add("add", 4_000);
  }
  const eaten = RESERVE_BYTES - sizeOfReserve() - lent;
  return { removed, lent: lent > 0, refused, eaten, removedAgain: ask("remove", { number: first! + 250 }) };
}

/** The same, where there is no reserve. */
function withoutReserve() {
  const [first] = ask("numbers", null) as number[];
  writer.close();
  rmSync(`${file}-reserve`, { force: true });
  fill();
  const opened = attempt(() => (writer = open()));
  rmSync(filler);
  writer = open();
  const again = ask("remove", { number: first! });
  return { opened, again, reserve: sizeOfReserve() };
}

/** What was written without regard to the file's blocks, by an older Mayfly or a migration, is in the log alone: it can be read. */
function leftInLog() {
  const other = join(dir, "other.db");
  {
    using db = new DatabaseSync(file);
    db.exec("PRAGMA wal_autocheckpoint = 0; BEGIN; DELETE FROM rows");
    const insert = db.prepare("INSERT INTO rows VALUES (?, zeroblob(40000))");
    for (let number = 0; number < 100; number++) insert.run(number);
    db.exec("COMMIT");
    for (const end of ["", "-wal"]) copyFileSync(`${file}${end}`, `${other}${end}`);
  }
  fill();
  // Room for the index of the log.
  truncateSync(filler, statSync(filler).size - 65_536);
  const before = writer;
  writer = open(other);
  const read = (ask("numbers", null) as number[]).length;
  const refused = ask("add", { number: 100, bytes: 10 });
  writer.close();
  writer = before;
  rmSync(filler);
  for (const end of ["", "-wal", "-shm", "-reserve"]) rmSync(`${other}${end}`, { force: true });
  return { read, refused };
}

async function killed() {
  ask("removeAll", null);
  for (next = 0; next < 2_000; next++) ask("add", { number: next, bytes: 4_000 });
  writer.close();
  fill();
  const problems: string[] = [];
  const child = fileURLToPath(new URL("remove-until-killed.ts", import.meta.url));
  for (let round = 0, first = 0; round < 6; round++) {
    const removing = spawn(process.execPath, [child, file, `${first}`, "2000"], { stdio: ["ignore", "pipe", "inherit"] });
    const until = first + 1 + random.below(60);
    let last = first - 1;
    for await (const line of createInterface({ input: removing.stdout })) {
      last = Number(line);
      if (last >= until) removing.kill("SIGKILL");
    }
    if (removing.exitCode === null && removing.signalCode === null) await once(removing, "exit");
    if (removing.signalCode !== "SIGKILL") problems.push(`${first}: ended by itself after ${last}`);
    using db = new DatabaseSync(file);
    const whole = db.prepare("PRAGMA integrity_check").get()!["integrity_check"];
    if (whole !== "ok") problems.push(String(whole));
    const left = Number(db.prepare("SELECT count(*) AS n FROM rows WHERE number BETWEEN ? AND ?").get(first, last)!["n"]);
    if (left > 0) problems.push(`${left} of ${first} to ${last} are there again`);
    first = last + 1;
  }
  return problems;
}

function add(operation: "add" | "keep", bytes: number): unknown {
  return ask(operation, { number: next++, bytes });
}

function addUntilRefused(operation: "add" | "keep"): unknown {
  let refusal: unknown = null;
  for (const bytes of [100_000, 4_000, 10])
    for (let count = 0, isOver = false; !isOver && count < 20_000; count++) {
      refusal = add(operation, bytes);
      isOver = refusal !== null;
    }
  return refusal;
}

function attempt(work: () => unknown): string {
  try {
    work();
    return "";
  } catch (error) {
    return String((error as { code?: string }).code);
  }
}

/** What the operation results in, or the message of its error. */
function ask(operation: string, argument: unknown): unknown {
  return run([[operation, argument]])[0];
}

function run(asked: [operation: string, argument: unknown][]): unknown[] {
  answers = [];
  writer.run(asked.map(([operation, argument], number) => ({ number, operation, argument })));
  return answers.map((answer) => ("result" in answer ? (answer.result ?? null) : `${answer.code}: ${answer.details["file"]}`));
}

function sizeOfReserve(): number {
  return existsSync(`${file}-reserve`) ? statSync(`${file}-reserve`).size : 0;
}

function fill(): void {
  const fd = openSync(filler, "a");
  for (let piece = 1_048_576; piece >= 512; piece = Math.trunc(piece / 2)) while (fits(fd, piece));
  closeSync(fd);
}

function fits(fd: number, bytes: number): boolean {
  try {
    writeSync(fd, Buffer.alloc(bytes));
    return true;
  } catch {
    return false; // the expected end: the disk is full
  }
}
