import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { loadConfig } from "../../base/config/load.ts";
import { afterwards } from "../../base/testing/afterwards.ts";
import { ensureJavaAgent } from "./agent-jar.ts";

test("the jar has the same bytes wherever and whenever it is made, and is made once", async (t) => {
  const { cacheDir } = loadConfig({});
  const other = mkdtempSync(join(tmpdir(), "mayfly-jar-"));
  afterwards(t, () => rmSync(other, { recursive: true }));
  const first = readFileSync(await ensureJavaAgent({ cacheDir }));
  symlinkSync(join(cacheDir, "packages"), join(other, "packages"));
  const steps: string[] = [];
  const again = await ensureJavaAgent({ cacheDir: other, progress: (step) => steps.push(step) });
  assert.ok(readFileSync(again).equals(first));
  assert.equal(await ensureJavaAgent({ cacheDir: other, progress: (step) => steps.push(step) }), again);
  assert.deepEqual(steps, ["compiling the agent for Java"]);
});
