import assert from "node:assert/strict";
import { linkSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { until } from "../base/clock/until.ts";
import { leftOut, stateParts } from "../backup/state-parts.ts";
import { createDiskUse } from "./disk-use.ts";

const folder = mkdtempSync(join(tmpdir(), "mayfly-disk-"));
after(() => rmSync(folder, { recursive: true }));
let now = 1_000;
const clock = { wall: () => now };

function folders(name: string): { stateDir: string; cacheDir: string } {
  const [stateDir, cacheDir] = [join(folder, name, "state"), join(folder, name, "cache")];
  for (const dir of [stateDir, cacheDir]) mkdirSync(dir, { recursive: true });
  return { stateDir, cacheDir };
}

function put(path: string, bytes: number): void {
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, Buffer.alloc(bytes, 1));
}

test("nobody waits for a measurement; it names parts, counts a file with two names once, and is made again only after minutes", async () => {
  const dirs = folders("parts");
  put(join(dirs.stateDir, "logs/app_1.log"), 100_000);
  put(join(dirs.stateDir, "kv.db"), 40_000);
  put(join(dirs.stateDir, "kv.db-wal"), 20_000);
  put(join(dirs.stateDir, "unknown"), 1);
  put(join(dirs.cacheDir, "images/a/root"), 200_000);
  mkdirSync(join(dirs.cacheDir, "images/b"));
  linkSync(join(dirs.cacheDir, "images/a/root"), join(dirs.cacheDir, "images/b/root"));
  const disk = createDiskUse({ ...dirs, clock, onFailure: assert.ifError });
  const first = await disk.report();
  assert.deepEqual([first.parts, first.measuredAt, first.isMeasuring], [[], null, true]);
  assert.ok(first.state.freeBytes > 0 && first.state.totalBytes > first.state.freeBytes);
  await until(async () => !(await disk.report()).isMeasuring);
  assert.equal((await disk.report()).measuredAt, 1_000);
  const report = await disk.report();
  const use = (part: string) => report.parts.find((one) => one.part === part);
  const isAbout = (part: string, bytes: number) => assert.ok(Math.abs(use(part)!.bytes - bytes) < 16_384, `${part}: ${use(part)!.bytes}`);
  isAbout("logs", 100_000);
  isAbout("key-values", 60_000);
  isAbout("images", 200_000);
  assert.equal(use("key-values")?.files, 2);
  assert.ok(use("other state"));
  assert.equal(report.parts[0]?.part, "images");
  put(join(dirs.stateDir, "logs/app_2.log"), 500_000);
  now += 299_000;
  assert.equal((await disk.report()).isMeasuring, false);
  now += 2_000;
  assert.equal((await disk.report()).isMeasuring, true);
  await until(async () => (await disk.report()).parts[0]?.part === "logs");
  disk.close();
});

test("a part of very many files is measured up to a bound, and the report says so", async () => {
  const dirs = folders("many");
  for (let at = 0; at < 60; at++) put(join(dirs.stateDir, `objects/content/${at}`), 10);
  put(join(dirs.stateDir, "logs/one"), 10);
  const disk = createDiskUse({ ...dirs, clock, onFailure: assert.ifError, mostFiles: 20 });
  await until(async () => {
    const { measuredAt, isMeasuring } = await disk.report();
    return measuredAt !== null && !isMeasuring;
  });
  const { parts } = await disk.report();
  assert.deepEqual(
    parts.map(({ part, files, isMore }) => [part, files, isMore]).toSorted(([one], [other]) => String(one).localeCompare(String(other))),
    [
      ["logs", 2, false],
      ["objects", 20, true],
    ],
  );
  disk.close();
});

test("all that a state folder consists of belongs to a part", async () => {
  const dirs = folders("all");
  const names = [
    ...stateParts.map(({ path }) => path.split("/", 1)[0]!),
    "history.db",
    "invocations.db",
    "volumes",
    "snapshots",
    "reserve",
  ];
  for (const name of new Set(names)) put(join(dirs.stateDir, name), 1);
  const disk = createDiskUse({ ...dirs, clock, onFailure: assert.ifError });
  await until(async () => {
    const { measuredAt, isMeasuring } = await disk.report();
    return measuredAt !== null && !isMeasuring;
  });
  assert.ok(!(await disk.report()).parts.some(({ part }) => part === "other state"));
  assert.ok(leftOut.length > 0);
  disk.close();
});
