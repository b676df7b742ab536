import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { afterwards } from "../../base/testing/afterwards.ts";
import { FakeClock } from "../../dispatch/testing/fake-clock.ts";
import { until } from "../../base/clock/until.ts";
import { RotatingFile } from "./rotating-file.ts";

async function opened(context: TestContext, { maxBytes = 1_000_000, keep = 2, name = "access.log" } = {}) {
  const dir = mkdtempSync(join(tmpdir(), "mayfly-access-"));
  afterwards(context, () => rmSync(dir, { recursive: true }));
  const clock = new FakeClock();
  const reported: string[] = [];
  const path = join(dir, name);
  const file = new RotatingFile({ path, maxBytes, keep, clock, report: (error) => reported.push(error.message) });
  await file.open();
  const lines = (which = path) => (existsSync(which) ? readFileSync(which, "utf8").split("\n").slice(0, -1) : []);
  return { dir, path, clock, file, reported, lines };
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

test("lines that cannot be written are dropped and counted, and the next ones are written", async (context) => {
  const { dir, path, file, reported, clock, lines } = await opened(context);
  rmSync(dir, { recursive: true });
  file.append("lost\n");
  file.append("lost too\n");
  await clock.advance(200);
  await until(() => clock.advance(60_000).then(() => reported.length === 1), { what: "the report" });
  assert.match(reported[0]!, /^2 lines were not written to /);
  mkdirSync(dir);
  await clock.advance(1_000);
  file.append("kept\n");
  await file.close();
  assert.deepEqual(lines(path), ["kept"]);
});

test("lines for a disk that is too slow are bounded", async (context) => {
  const { file, reported, lines } = await opened(context, { maxBytes: 100_000_000 });
  const line = `${"x".repeat(1_023)}\n`;
  for (let n = 0; n < 10_000; n++) file.append(line);
  await file.close();
  assert.equal(lines().length, 8_192);
  assert.match(reported[0]!, /^1808 lines/);
});
