// Own process: it loads a program of its own, which has top-level await and cannot be loaded at once.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Random, seedOf } from "../../base/testing/random.ts";
import { createLedger } from "./create-ledger.ts";
import { RUN_US, START_US } from "./testing/storm-child.ts";
import { addRow, emptySums } from "./sums.ts";

const ROUNDS = 20;

test("kill -9 at any moment loses at most what was not stored yet, and counts nothing twice", async (t) => {
  const seed = seedOf();
  t.diagnostic(`MAYFLY_SEED=${seed}`);
  const random = new Random(seed);
  const dir = mkdtempSync(join(tmpdir(), "mayfly-storm-"));
  const file = join(dir, "ledger.db");
  const since = Date.now();
  let kept = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const { begun, stored } = await recordUntilKilled(file, since, random.next() * 40);
    const found = check(file);
    const allowed = `from ${kept + stored} to ${kept + begun}`;
    assert.ok(found >= kept + stored && found <= kept + begun, `round ${round}: ${found} units are on the books, allowed is ${allowed}`);
    kept = found;
  }
  t.diagnostic(`${kept} units in ${ROUNDS} rounds`);
  rmSync(dir, { recursive: true });
});

/** What the killed process left must be whole units, and the months' sums must be those of the entries. Returns the number of units. */
function check(file: string): number {
  const ledger = createLedger(file, { idOf: String, onFailure: (error) => assert.fail(String(error)) });
  const [storm, platform] = [emptySums(), emptySums()];
  for (const row of ledger.rows({ month: "2026-11" })) addRow(row.app === null ? platform : storm, row);
  ledger.close();
  const units = storm.requests;
  assert.deepEqual(
    [storm.runCpuUs, storm.bringUpCpuUs, storm.byteSeconds, platform.bringUpCpuUs],
    [units * RUN_US, units * START_US, units * 3, 0],
  );
  assert.deepEqual(sumsIn(file, "months"), sumsIn(file, "(SELECT * FROM entries UNION ALL SELECT * FROM open_minutes)"));
  return units;
}

function sumsIn(file: string, table: string) {
  const db = new DatabaseSync(file);
  const row = db.prepare(`SELECT sum(cpu_us) AS cpu, sum(byte_seconds) AS memory, sum(requests) AS requests FROM ${table}`).get();
  db.close();
  return { ...row };
}

async function recordUntilKilled(file: string, since: number, ms: number): Promise<{ begun: number; stored: number }> {
  const program = join(import.meta.dirname, "testing/storm-child.ts");
  const child = spawn(process.execPath, [program, file, String(since)], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  const closed = once(child, "close");
  await Promise.race([once(child.stdout, "data"), closed]);
  await sleep(ms);
  child.kill("SIGKILL");
  const [code, signal] = (await closed) as [number | null, string | null];
  assert.equal(signal, "SIGKILL", `the child ended by itself, code ${code}`);
  return { begun: last(output, "begin"), stored: last(output, "stored") };
}

function last(output: string, word: string): number {
  const at = output.lastIndexOf(`${word} `);
  return at === -1 ? 0 : Number.parseInt(output.slice(at + word.length + 1), 10);
}
