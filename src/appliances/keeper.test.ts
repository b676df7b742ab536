import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { FakeClock } from "../dispatch/testing/fake-clock.ts";
import { createEgress } from "../egress/create-egress.ts";
import type { Image } from "../images/image.ts";
import { StartFailure } from "../machines/exit.ts";
import { createKeeper } from "./keeper.ts";
import { applianceSpecSchema } from "./spec.ts";
import { listening } from "../base/testing/listening.ts";
import { afterwards } from "../base/testing/afterwards.ts";

test("an appliance that cannot start with the server waits, longer each time, and is tried again until it is stopped", async (context) => {
  const { keeper, clock, tries, settled, lines, left } = keep(context);
  await keeper.resume();
  assert.deepEqual(left(), []);
  for (const [at, seconds] of [1, 2, 4].entries()) {
    assert.deepEqual([tries(), keeper.view().state, keeper.view().lastEnd], [at + 1, "waiting", "Mayfly failed: the host is too busy."]);
    assert.match(lines.at(-1)!, new RegExp(`starts again in ${seconds} s`));
    await clock.advance(seconds * 1_000);
    await settled("waiting");
  }
  await keeper.stop();
  assert.equal(keeper.view().state, "stopped");
  await clock.advance(100_000);
  assert.equal(tries(), 4);
});

test(
  "one whose port is another program's when the server starts gets it when it is free",
  { skip: process.getuid?.() !== 0 && "without root QEMU itself listens" },
  async (context) => {
    const other = createServer();
    const port = await listening(other);
    const { keeper, clock, tries, settled } = keep(context, { ports: [{ host: port, guest: 80 }] });
    await keeper.resume();
    assert.match(`${keeper.view().state} ${keeper.view().lastEnd}`, new RegExp(`^waiting .*${port}`));
    assert.equal(tries(), 0);
    other.close();
    await once(other, "close");
    await clock.advance(1_000);
    await settled("waiting");
    assert.equal(tries(), 1);
    // The port is kept between two tries, and given up when the appliance is stopped.
    const listen = () => once(createServer().unref().listen(port, "127.0.0.1"), "listening");
    await assert.rejects(listen(), /EADDRINUSE/);
    await keeper.stop();
    await listen();
  },
);

test("an appliance whose start by a user fails is stopped, and not tried again", async (context) => {
  const { keeper, clock, tries } = keep(context);
  await assert.rejects(keeper.start(), /too busy/);
  await clock.advance(100_000);
  assert.deepEqual([tries(), keeper.view().state], [1, "stopped"]);
});

test("a stop that comes while the appliance starts takes effect, for all who asked for it", async (context) => {
  const { keeper, clock, tries } = keep(context);
  const starting = keeper.resume();
  assert.equal(keeper.view().state, "starting");
  await Promise.all([keeper.stop(), keeper.stop(), starting]);
  await clock.advance(100_000);
  assert.deepEqual([tries(), keeper.view().state], [1, "stopped"]);
});

test("what a machine printed is in the appliance's log, and not in what the API shows of its last end", async (context) => {
  const failure = new StartFailure("QEMU ended at once", undefined, ["key=secret"]);
  for (const start of ["start", "resume"] as const) {
    const { keeper, lines } = keep(context, {}, failure);
    if (start === "resume") await keeper.resume();
    else await assert.rejects(keeper.start(), (error: Error) => !error.message.includes("secret"));
    assert.equal(keeper.view().lastEnd, "No machine could be started: QEMU ended at once.");
    assert.ok(lines.some((line) => line.endsWith("QEMU ended at once. Its last output: key=secret")));
  }
});

/** A keeper whose machines all fail to start. */
function keep(context: TestContext, spec: object = {}, failure = new Error("the host is too busy")) {
  const runDir = mkdtempSync(join(tmpdir(), "mayfly-keeper-"));
  afterwards(context, () => rmSync(runDir, { recursive: true, force: true }));
  const clock = new FakeClock();
  const lines: string[] = [];
  let tries = 0;
  const keeper = createKeeper({
    id: "apl_notes",
    nextNumber: () => tries + 1,
    spec: applianceSpecSchema.parse({ name: "notes", image: "any", ...spec }),
    source: async () => ({ image: {} as Image, run: { env: {}, cwd: "/", init: [], command: ["x"] } }),
    host: () => {
      tries += 1;
      return Promise.reject(failure);
    },
    volumes: { ready: async () => [], release: async () => undefined, remove: async () => undefined },
    permitted: { folders: [], publish: [] },
    admit: () => undefined,
    runDir,
    bootId: "boot",
    clock,
    usage: { record: () => undefined },
    egress: () => createEgress({ allow: [] }),
    log: (_machine, text) => void lines.push(text),
  });
  afterwards(context, () => keeper.stop());
  const left = () => readdirSync(runDir, { recursive: true, withFileTypes: true }).filter((entry) => entry.name.startsWith("notes-"));
  const settled = async (state: string) => {
    for (let turns = 0; turns < 1_000 && keeper.view().state !== state; turns++) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal(keeper.view().state, state);
  };
  return { keeper, clock, tries: () => tries, settled, lines, left };
}
