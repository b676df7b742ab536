import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { firstLine, mayfly, start } from "./command.ts";
import { cgroupsOf, descendants, isAlive } from "./host.ts";
import { eventually, temporaryFolder } from "./platform.ts";
import { afterwards } from "../src/base/testing/afterwards.ts";

test("mayfly demo --once tells the whole story with a real VM, and leaves nothing running", async (context) => {
  const { code, stdout, stderr } = await mayfly(["demo", "--once"], { env: { MAYFLY_STATE_DIR: temporaryFolder(context) } });
  assert.equal(code, 0, stderr);
  assert.match(stdout, /QEMU/);
  assert.match(stdout, /Hello, world!/);
  assert.match(stdout, /from spawn to first reply/);
  assert.match(stdout, /same machine/);
  assert.match(stdout, /cost/);
  assert.match(stdout, /server has ended[^]*mayfly demo[^]*mayfly serve/);
  // These commands would get no answer, because the server has ended.
  assert.doesNotMatch(stdout, /mayfly (invoke|ps|bill)|http:/);
});

test("mayfly demo --once --json is one line of JSON, and a second run adds its own calls to the bill", async (context) => {
  const env = { MAYFLY_STATE_DIR: temporaryFolder(context) };
  for (const requests of [201, 402]) {
    const { code, stdout, stderr } = await mayfly(["demo", "--once", "--json"], { env });
    assert.equal(code, 0, stderr);
    const story = JSON.parse(stdout) as { driver: { name: string }; coldStartMs: number; bill: { total: { requests: number } } };
    assert.equal(story.driver.name, "qemu");
    assert.ok(story.coldStartMs > 0);
    assert.equal(story.bill.total.requests, requests);
  }
});

test("Ctrl-C in the middle of the story ends the demo without an error", async (context) => {
  const demo = start(["demo"], { env: { MAYFLY_STATE_DIR: temporaryFolder(context) } });
  afterwards(context, () => void demo.kill("SIGKILL"));
  const exited = once(demo, "exit");
  let told = "";
  for await (const chunk of demo.stderr!) {
    if (!told.includes("deploying") && String(chunk).includes("deploying")) demo.kill("SIGINT");
    told += String(chunk);
  }
  assert.deepEqual(await exited, [0, null], told);
  assert.doesNotMatch(told, /error/);
});

test("Ctrl-C ends a demo that stays up, and leaves nothing running", async (context) => {
  const demo = start(["demo", "--json"], { env: { MAYFLY_STATE_DIR: temporaryFolder(context) } });
  afterwards(context, () => void demo.kill("SIGKILL"));
  const story = JSON.parse(await firstLine(demo)) as { gatewayUrl: string };
  assert.equal(await (await fetch(`${story.gatewayUrl}/hello/hello`)).text(), "Hello, world!\n");
  const below = descendants(demo.pid!);
  assert.ok(below.length > 0);
  demo.kill("SIGINT");
  assert.deepEqual(await once(demo, "exit"), [0, null]);
  await eventually(
    "the machines",
    () => below.filter(isAlive),
    (alive) => alive.length === 0,
  );
  assert.deepEqual(cgroupsOf(demo.pid!), []);
});
