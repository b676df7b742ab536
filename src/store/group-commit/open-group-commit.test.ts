import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { afterwards } from "../../base/testing/afterwards.ts";
import type { GroupCommit } from "./group-commit.ts";
import { type GroupCommitOptions, openGroupCommit } from "./open-group-commit.ts";
import type { CountingOperations } from "./testing/counting-engine.ts";

const module = new URL("testing/counting-engine.ts", import.meta.url);

function folder(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), "mayfly-group-commit-"));
  afterwards(t, () => rmSync(dir, { recursive: true }));
  return dir;
}

async function open(t: TestContext, dir: string, more: Partial<GroupCommitOptions> = {}): Promise<GroupCommit<CountingOperations>> {
  const onFailure = (error: unknown) => assert.fail(String(error));
  const commit = await openGroupCommit<CountingOperations>({ file: join(dir, "numbers.db"), module, onFailure, ...more });
  afterwards(t, () => commit.close());
  return commit;
}

const upTo = (n: number) => Array.from({ length: n }, (_, at) => at);

test("operations are carried out in their order, and are there after a restart", async (t) => {
  const dir = folder(t);
  const commit = await open(t, dir);
  const added = upTo(3_000).map((number) => commit.run("add", { number }));
  assert.deepEqual(await commit.run("list", null), upTo(3_000));
  assert.deepEqual(await Promise.all(added), upTo(3_000));
  await commit.close();
  assert.deepEqual(await (await open(t, dir)).run("list", null), upTo(3_000));
});

test("what an operation wrote before it threw is undone, and the others of its transaction stay", async (t) => {
  const commit = await open(t, folder(t));
  const first = commit.run("add", { number: 1 });
  const bad = commit.run("addThenThrow", { number: 2 });
  const last = commit.run("add", { number: 3 });
  await assert.rejects(bad, { code: "bad-request", message: /the number 2/ });
  await Promise.all([first, last]);
  assert.deepEqual(await commit.run("list", null), [1, 3]);
});

test("an operation that fills the disk is refused, and those that came with it are not", async (t) => {
  const commit = await open(t, folder(t));
  await commit.run("limitPages", { pages: 40 });
  const before = commit.run("add", { number: 1 });
  const large = commit.run("add", { number: 2, bytes: new Uint8Array(400_000) });
  const after = commit.run("add", { number: 3 });
  await assert.rejects(large, { code: "disk-full" });
  await Promise.all([before, after]);
  assert.deepEqual(await commit.run("list", null), [1, 3]);
  await commit.run("removeAll", null);
  assert.deepEqual(await commit.run("list", null), []);
});

test("an argument that cannot be copied is its own operation's failure alone", async (t) => {
  const commit = await open(t, folder(t));
  let deep: unknown = null;
  for (let level = 0; level < 1_000_000; level++) deep = [deep];
  const added = [
    commit.run("add", { number: 1 }),
    commit.run("add", { number: 2, bytes: deep as Uint8Array }),
    commit.run("add", { number: 3 }),
  ];
  await assert.rejects(added[1]!, { code: "internal" });
  assert.deepEqual([await added[0], await added[2], await commit.run("list", null)], [1, 3, [1, 3]]);
});

test("what waits is bounded in number and in bytes", async (t) => {
  const commit = await open(t, folder(t), { most: 3, mostBytes: 100 });
  const taken = [commit.run("add", { number: 0 }, 60), commit.run("add", { number: 1 })];
  await assert.rejects(commit.run("add", { number: 2 }, 60), { code: "store-busy" });
  taken.push(commit.run("add", { number: 3 }));
  await assert.rejects(commit.run("add", { number: 4 }), { code: "store-busy" });
  await Promise.all(taken);
  await commit.run("add", { number: 5 }, 1_000);
  assert.deepEqual(await commit.run("list", null), [0, 1, 3, 5]);
});

test("if the thread ends, what waited is refused, it is told, and the next operation has another thread", async (t) => {
  const failures: unknown[] = [];
  const commit = await open(t, folder(t), { onFailure: (error) => failures.push(error) });
  await commit.run("add", { number: 1 });
  await assert.rejects(commit.run("end", null));
  assert.equal(failures.length, 1);
  await commit.run("add", { number: 2 });
  assert.deepEqual(await commit.run("list", null), [1, 2]);
});

test("after the close nothing is taken, and what was asked for before is done", async (t) => {
  const dir = folder(t);
  const commit = await open(t, dir);
  const last = commit.run("add", { number: 7 });
  const closed = commit.close();
  await assert.rejects(commit.run("add", { number: 8 }), { code: "shutting-down" });
  await Promise.all([last, closed]);
  assert.deepEqual(await (await open(t, dir)).run("list", null), [7]);
});

test("a close after the thread has ended waits for what was asked for since, which another thread does", async (t) => {
  const commit = await open(t, folder(t), { onFailure: () => {} });
  await assert.rejects(commit.run("end", null));
  let isDone = false;
  const last = commit.run("add", { number: 7 }).then(() => (isDone = true));
  await commit.close();
  assert.equal(isDone, true);
  await last;
});

test("a file that is no database is refused when it is opened", async () => {
  await assert.rejects(openGroupCommit({ file: import.meta.filename, module, onFailure: () => {} }), { code: "state-damaged" });
});

test("what was answered before a kill -9 is there after it", async (t) => {
  const dir = folder(t);
  const writer = spawn(process.execPath, [fileURLToPath(new URL("testing/writer.ts", import.meta.url)), join(dir, "numbers.db")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let last = -1;
  for await (const line of createInterface({ input: writer.stdout })) {
    last = Number(line);
    if (last > 500) writer.kill("SIGKILL");
  }
  if (writer.exitCode === null && writer.signalCode === null) await once(writer, "exit");
  const kept = await (await open(t, dir)).run("list", null);
  assert.deepEqual(kept.slice(0, last + 1), upTo(last + 1));
});
