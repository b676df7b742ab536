import assert from "node:assert/strict";
import { test } from "node:test";
import { mayfly } from "./command.ts";
import { temporaryFolder } from "./platform.ts";

test("mayfly demo --once tells the whole story with a real VM, and leaves nothing running", async (context) => {
  const { code, stdout, stderr } = await mayfly(["demo", "--once"], { env: { MAYFLY_STATE_DIR: temporaryFolder(context) } });
  assert.equal(code, 0, stderr);
  assert.match(stdout, /QEMU/);
  assert.match(stdout, /Hello, world!/);
  assert.match(stdout, /from spawn to first reply/);
  assert.match(stdout, /same machine/);
  assert.match(stdout, /cost/);
  assert.match(stdout, /mayfly invoke hello\/hello/);
});

test("mayfly demo --once --json is one line of JSON", async (context) => {
  const { code, stdout, stderr } = await mayfly(["demo", "--once", "--json"], { env: { MAYFLY_STATE_DIR: temporaryFolder(context) } });
  assert.equal(code, 0, stderr);
  const story = JSON.parse(stdout) as { driver: { name: string }; coldStartMs: number };
  assert.equal(story.driver.name, "qemu");
  assert.ok(story.coldStartMs > 0);
});
