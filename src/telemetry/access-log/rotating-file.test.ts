/** The file of the access log, with the lines on their way to it. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { afterwards } from "../../base/testing/afterwards.ts";
import { FakeClock } from "../../dispatch/testing/fake-clock.ts";
import { until } from "../../base/clock/until.ts";
import { LineWriter } from "./line-writer.ts";
import { RotatingFile } from "./rotating-file.ts";

function folder(context: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), "mayfly-access-"));
  afterwards(context, () => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

async function opened(context: TestContext, { maxBytes = 1_000_000, keep = 2, dir = folder(context) } = {}) {
  const clock = new FakeClock();
  const reported: { lines: number; why: string }[] = [];
  const path = join(dir, "access.log");
  const own = new RotatingFile({ path, maxBytes, keep, clock });
  await own.open();
  const report = (lines: number, why: unknown) => void reported.push({ lines, why: (why as Error).message });
  const file = new LineWriter({ file: own, clock, report });
  const lines = (which = path) => (existsSync(which) ? readFileSync(which, "utf8").split("\n").slice(0, -1) : []);
  /** Writes a line, and looks at the file anew before. */
  const write = async (line: string) => {
    file.append(`${line}\n`);
    await clock.advance(1_000);
  };
  return { dir, path, clock, file, reported, lines, write };
}

test("lines come together after a pause, and all of them are there when the file is closed", async (context) => {
  const { clock, file, lines } = await opened(context);
  file.append("one\n");
  file.append("two\n");
  assert.deepEqual(lines(), []);
  await clock.advance(200);
  await until(() => lines().length === 2, { what: "the lines" });
  file.append("three\n");
  await file.close();
  assert.deepEqual(lines(), ["one", "two", "three"]);
});

test("a file that is full is put aside, and as many are kept as the settings say", async (context) => {
  const { dir, path, file, lines, clock } = await opened(context, { maxBytes: 10 });
  for (const line of ["first\n", "second\n", "third\n", "fourth\n"]) {
    file.append(line);
    await clock.advance(200);
    await until(() => lines().includes(line.trim()), { what: line });
  }
  await file.close();
  assert.deepEqual(readdirSync(dir).toSorted(), ["access.log", "access.log.1", "access.log.2"]);
  assert.deepEqual([lines(), lines(`${path}.1`), lines(`${path}.2`)], [["fourth"], ["third"], ["second"]]);
});

test("if somebody moves the file away, a new one is begun", async (context) => {
  const { path, file, lines, clock } = await opened(context);
  file.append("before\n");
  await clock.advance(200);
  await until(() => lines().length === 1, { what: "the line" });
  renameSync(path, `${path}-20261130`);
  await clock.advance(1_000);
  file.append("after\n");
  await file.close();
  assert.deepEqual([lines(`${path}-20261130`), lines()], [["before"], ["after"]]);
});

test("a file that somebody else empties is written on from its start", async (context) => {
  const { path, write, file, lines, clock } = await opened(context, { maxBytes: 20 });
  await write("0123456789");
  await until(() => lines().length === 1, { what: "the line" });
  truncateSync(path);
  await clock.advance(1_000);
  await write("a second line");
  await file.close();
  assert.deepEqual([lines(), existsSync(`${path}.1`)], [["a second line"], false]);
});

test("lines that cannot be written are dropped and counted, and the next ones are written", async (context) => {
  const { dir, path, file, reported, clock, lines } = await opened(context);
  rmSync(dir, { recursive: true });
  file.append("lost\n");
  file.append("lost too\n");
  await clock.advance(200);
  await until(() => clock.advance(1_000).then(() => reported.length === 1), { what: "the report" });
  assert.equal(reported[0]!.lines, 2);
  assert.match(reported[0]!.why, /^ENOENT/);
  mkdirSync(dir);
  await clock.advance(1_000);
  file.append("kept\n");
  await file.close();
  assert.deepEqual(lines(path), ["kept"]);
});

test("while lines are lost, their number is told soon, then once a minute, and at the end", async () => {
  const clock = new FakeClock();
  const reported: [atMs: number, lines: number][] = [];
  const refusing = { append: () => Promise.resolve({ written: 0, error: new Error("no") }), close: () => Promise.resolve() };
  const file = new LineWriter({ file: refusing, clock, report: (lines) => reported.push([clock.now(), lines]) });
  for (let second = 0; second < 100; second++) {
    file.append("lost\n");
    await clock.advance(1_000);
  }
  await file.close();
  assert.deepEqual(reported, [
    [1_200, 1],
    [61_200, 60],
    [100_000, 39],
  ]);
});

test("lines for a disk that is too slow are bounded", async (context) => {
  const { file, reported, lines } = await opened(context, { maxBytes: 100_000_000 });
  const line = `${"x".repeat(1_023)}\n`;
  for (let n = 0; n < 10_000; n++) file.append(line);
  await file.close();
  assert.equal(lines().length, 8_192);
  assert.deepEqual(reported, [{ lines: 1_808, why: "the disk is too slow" }]);
});

test("a disk that does not answer at all keeps neither memory nor the server's end, and what it lacks is told", async () => {
  const clock = new FakeClock();
  const reported: number[] = [];
  const never = new Promise<never>(() => undefined);
  const file = new LineWriter({ file: { append: () => never, close: () => never }, clock, report: (lines) => reported.push(lines) });
  const before = process.memoryUsage().arrayBuffers;
  for (let hour = 0; hour < 2_000; hour++) {
    file.append("once in a while\n");
    await clock.advance(1_000);
  }
  assert.ok(process.memoryUsage().arrayBuffers - before < 4_000_000, "a block for each look");
  const closed = file.close();
  await clock.advance(5_000);
  await closed;
  assert.deepEqual(reported, [2_000]);
});

test("what is no regular file is not opened, and a link is followed when the server starts only", async (context) => {
  const dir = folder(context);
  const [fifo, link, real] = ["fifo", "link", "real"].map((name) => join(dir, name)) as [string, string, string];
  execFileSync("mkfifo", [fifo]);
  const at = (path: string) => new RotatingFile({ path, maxBytes: 10, keep: 1, clock: new FakeClock() });
  for (const path of [fifo, "/dev/null", "/dev/full"]) await assert.rejects(at(path).open(), { message: "it is not a regular file" });
  await assert.rejects(at(dir).open(), { code: "EISDIR" });
  symlinkSync(real, link);
  await assert.rejects(at(link).open(), { code: "ENOENT" });
  writeFileSync(real, "before\n");
  const file = at(link);
  await file.open();
  assert.deepEqual(await file.append(Buffer.from("after\n")), { written: 6 });
  await file.close();
  assert.deepEqual(readdirSync(dir).toSorted(), ["fifo", "link", "real", "real.1"]);
  assert.deepEqual([readFileSync(link, "utf8"), readFileSync(`${real}.1`, "utf8")], ["after\n", "before\n"]);
});

test("a link, a FIFO with or without a reader, a socket's or a folder in the file's place gets no lines, and they go on when it is gone", async (context) => {
  const { dir, path, file, write, reported, lines, clock } = await opened(context);
  const target = join(dir, "target");
  writeFileSync(target, "");
  const places: [put: () => unknown, why: RegExp][] = [
    [() => symlinkSync(target, path), /^a symbolic link is in its place$/],
    [() => execFileSync("mkfifo", [path]), /^it is not a regular file$/],
    [() => mkdirSync(path), /^EISDIR/],
  ];
  let lost = 0;
  for (const [put, why] of places) {
    await write("before");
    await until(() => lines().includes("before"), { what: "the line" });
    rmSync(path);
    put();
    lost += 1;
    await write("lost");
    await until(() => clock.advance(60_000).then(() => reported.length === lost), { what: "the report" });
    assert.match(reported.at(-1)!.why, why);
    rmSync(path, { recursive: true });
  }
  execFileSync("mkfifo", [path]);
  // Opened for both, so that nobody waits.
  const reader = await open(path, "r+");
  await write("lost");
  await until(() => clock.advance(60_000).then(() => reported.length === lost + 1), { what: "the report" });
  rmSync(path);
  await write("after");
  await file.close();
  await reader.close();
  assert.deepEqual([lines(), readFileSync(target, "utf8")], [["after"], ""]);
});

test("on a full disk no line is left in part, all that are not there are counted, and they go on when there is room", async (context) => {
  const dir = folder(context);
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", dir]);
  afterwards(context, () => execFileSync("umount", [dir]));
  const { path, file, write, reported, lines, clock } = await opened(context, { dir, maxBytes: 1_000_000 });
  const line = (of: number) => `${of} ${"x".repeat(100)}`;
  for (let at = 0; at < 1_000; at++) file.append(`${line(at)}\n`);
  await until(() => clock.advance(1_000).then(() => reported.length === 1), { what: "the report" });
  assert.match(reported[0]!.why, /^ENOSPC/);
  const there = lines();
  assert.deepEqual(
    there,
    there.map((_, at) => line(at)),
  );
  assert.equal(there.length + reported[0]!.lines, 1_000);
  assert.ok(readFileSync(path, "utf8").endsWith("\n"));
  truncateSync(path);
  await write("after");
  await file.close();
  assert.deepEqual(lines(), ["after"]);
});
