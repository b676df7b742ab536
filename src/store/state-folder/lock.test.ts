import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, writeFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { MayflyError } from "../../base/errors/error.ts";
import { lockForSupervisor, lockStateFolder, readServerFile } from "./lock.ts";

function folder(context: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), "mayfly-lock-"));
  context.after(() => rmSync(dir, { recursive: true }));
  return dir;
}

function refusal(dir: string): MayflyError {
  try {
    lockStateFolder(dir).release();
  } catch (error) {
    assert.ok(error instanceof MayflyError);
    return error;
  }
  throw new Error("locked twice");
}

/**
 * Another process that holds the lock until it is killed. It drops what lockStateFolder() returned, and runs the garbage collector again
 * and again.
 */
async function holder(dir: string) {
  const code = `const { lockStateFolder } = await import(${JSON.stringify(new URL("lock.ts", import.meta.url).href)});
    lockStateFolder(${JSON.stringify(dir)});
    for (let round = 0; round < 10; round++) { gc(); await new Promise(setImmediate); }
    console.log("locked"); setInterval(gc, 100);`;
  const child = spawn(process.execPath, ["--expose-gc", "--input-type=module", "-e", code], { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "data");
  return child;
}

test("a second server on the same folder is refused with the pid of the first", async (context) => {
  const dir = folder(context);
  const child = await holder(dir);
  try {
    assert.equal(refusal(dir).code, "state-locked");
    assert.equal(refusal(dir).details.pid, child.pid);
  } finally {
    child.kill("SIGKILL");
  }
});

test("the same process cannot lock a folder twice", (context) => {
  const dir = folder(context);
  const lock = lockStateFolder(dir);
  assert.equal(refusal(dir).details.pid, process.pid);
  lock.release();
  lockStateFolder(dir).release();
});

test("a holder that was killed leaves no lock", async (context) => {
  const dir = folder(context);
  const child = await holder(dir);
  child.kill("SIGKILL");
  await once(child, "exit");
  lockStateFolder(dir).release();
});

test("the lock's holder says where it answers, and nothing once it is released", (context) => {
  const dir = folder(context);
  const lock = lockStateFolder(dir);
  const urls = { gateway: "http://127.0.0.1:1", api: "http://127.0.0.1:2" };
  lock.announce({ urls, certificate: "PEM" });
  assert.deepEqual(readServerFile(dir), { pid: process.pid, urls, certificate: "PEM" });
  lock.release();
  assert.equal(readServerFile(dir), undefined);
});

test("a server.json with unusable content counts as missing", (context) => {
  const dir = folder(context);
  for (const text of ["null", "[]", '{"pid":-1}', '{"pid":1,"urls":null}', '{"pid":1,"urls":{"gateway":7,"api":7}}', "{", ""]) {
    writeFileSync(join(dir, "server.json"), text);
    assert.equal(readServerFile(dir), undefined, text);
  }
});

test("a supervisor's lock is beside its workers', and keeps other supervisors out", (context) => {
  const dir = folder(context);
  const release = lockForSupervisor(dir);
  lockStateFolder(dir).release();
  assert.throws(() => lockForSupervisor(dir), { code: "state-locked" });
  release();
  lockForSupervisor(dir)();
});

test("a lock file that cannot be opened is reported as such", (context) => {
  const dir = folder(context);
  mkdirSync(join(dir, "server.lock"));
  assert.equal(refusal(dir).code, "state-unusable");
});
