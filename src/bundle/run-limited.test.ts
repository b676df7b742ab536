/** Programs of a deploy end, whatever they do. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { until } from "../base/clock/until.ts";
import { runLimited } from "./run-limited.ts";

const env = { PATH: "/usr/bin:/bin" };
const shell = (script: string, more: object = {}) => runLimited("/bin/sh", ["-c", script], { env, ...more });

/** Whether the process runs. One that has ended may wait for a parent to ask how. */
function runs(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

test("a program that ends by itself is told by its code and what it printed; it reads its input, or need not", async () => {
  assert.deepEqual(await shell("cat; echo no >&2; exit 3", { input: "yes", limitMs: 600_000 }), {
    code: 3,
    endedBy: null,
    isLate: false,
    stdout: "yes",
    stderr: "no\n",
  });
  assert.equal((await shell("exit 0", { input: "x".repeat(1 << 20) })).code, 0);
  assert.equal((await shell("kill -TERM $$")).endedBy, "SIGTERM");
});

test("when its time is over a program is killed with what it has started, and what it printed is there", async () => {
  // What it has started has its outputs open, too.
  const { isLate, endedBy, code, stdout } = await shell("sleep 600 & echo $!; wait", { limitMs: 5_000 });
  assert.deepEqual([isLate, endedBy, code], [true, "SIGKILL", 1]);
  const started = Number(stdout);
  assert.ok(started > 1, stdout);
  await until(() => !runs(started), { what: "the end of what it has started", ms: 60_000, everyMs: 20 });
});

test("a program is killed before that if nobody wants its result any more, or if it prints without an end", async () => {
  const enough = new AbortController();
  const ended = shell("sleep 600 & wait", { signal: enough.signal });
  enough.abort();
  const { isLate, endedBy } = await ended;
  assert.deepEqual([isLate, endedBy], [false, "SIGKILL"]);
  await assert.rejects(shell("exec cat /dev/zero", { limitMs: 600_000 }), /printed more than 64 MiB/);
});

test("a program that is not there says so", async () => {
  const { code, stderr } = await runLimited("/no/such/program", [], { env });
  assert.notEqual(code, 0);
  assert.match(stderr, /no\/such\/program/);
});
