import { test, type TestContext } from "node:test";
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, systemClock } from "../base/clock/clock.ts";
import { bindPolicy } from "../policy/bind-policy.ts";
import { createPackingPolicy, type PackingOptions } from "../policy/packing.ts";
import { EventStream } from "../telemetry/event-stream.ts";
import { createDispatcher } from "./dispatcher.ts";
import { recordPolicy } from "./recorder.ts";
import { replay } from "./replay.ts";
import { call } from "./testing/caller.ts";
import { FakeClock } from "./testing/fake-clock.ts";
import { Random } from "../base/testing/random.ts";
import { UnrulyFleet } from "./testing/unruly-fleet.ts";
import { serve, versionOf } from "./testing/version.ts";
import { roomyHost } from "./testing/roomy-host.ts";

const OPTIONS: PackingOptions = { ...roomyHost, blanks: 1, idleMs: 200 };

/** Records a run with starts, deaths, time-outs, loads and idle kills. */
async function record(context: TestContext, options: PackingOptions = OPTIONS): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-record-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "run.jsonl");
  const clock = new FakeClock();
  const events = streamOf(clock);
  const endRecording = await recordPolicy(events, options, file);
  const fleet = new UnrulyFleet(clock, new Random(7));
  const dispatcher = createDispatcher({
    policy: bindPolicy(createPackingPolicy(options)),
    fleet,
    clock,
    bootId: "t",
    events,
    logs: { append: () => {} },
  });
  serve(dispatcher, versionOf("ada", "v1", { concurrency: 2 }));
  for (let i = 0; i < 200; i++) {
    call(dispatcher, { app: "ada", url: "ada", headers: ["x"], body: Buffer.from("x"), timeoutMs: 300 });
    await clock.advance(i % 20 === 0 ? 500 : 12.5);
    if (i % 5 === 0) for (const machine of fleet.machines.values()) fleet.tellLoad(machine);
  }
  fleet.calm = true;
  await Promise.all([dispatcher.close(0), clock.advance(10_000)]);
  await endRecording();
  return file;
}

function streamOf(clock: Clock): EventStream {
  return new EventStream(clock, (error) => assert.fail(String(error)));
}

for (const [what, idleMs] of [
  ["a fixed time to keep idle machines", 200],
  ["all of it learned", null],
] as const)
  test(`a recorded run with ${what} replays to the same commands`, async (context) => {
    const file = await record(context, { ...OPTIONS, idleMs });
    const { events, differences } = await replay(file, createPackingPolicy);
    assert.deepEqual(differences, []);
    const text = readFileSync(file, "utf8");
    assert.equal(events, text.trim().split("\n").length - 1);
    assert.ok(events > 400, `only ${events} events`);
    for (const type of ["stats", "tick", "wake"]) assert.match(text, new RegExp(`"type":"${type}"`));
  });

test("a recording that was changed does not replay, and the first differing line is named", async (context) => {
  const file = await record(context);
  const lines = readFileSync(file, "utf8").split("\n");
  const tampered: [what: string, from: RegExp, to: string][] = [
    ["another machine", /"type":"assign","invocation":(\d+),"machine":1\b/, '"type":"assign","invocation":$1,"machine":99'],
    ["an event that was not", /"type":"finish","invocation":\d+/, '"type":"finish","invocation":999999'],
    ["another time", /("now":)[\d.]+(,"event":\{"type":"(?:finish|bound|exit|arrive)".*"wake")/, "$15$2"],
    ["a command less", /("commands":\[)\{"type":"start".*?\}\}/, "$1"],
  ];
  for (const [what, from, to] of tampered) {
    const at = lines.findIndex((line) => from.test(line));
    assert.ok(at > 0, `the run has nothing to tamper with: ${what}`);
    writeFileSync(file, lines.with(at, (lines[at] as string).replace(from, to)).join("\n"));
    const { differences } = await replay(file, createPackingPolicy);
    assert.equal(differences.length, 1, what);
    assert.ok((differences[0]?.line ?? 0) >= at + 1, what);
  }
});

test("other options replay to other commands", async (context) => {
  const file = await record(context);
  writeFileSync(file, readFileSync(file, "utf8").replace('"blanks":1', '"blanks":2'));
  const { differences } = await replay(file, createPackingPolicy);
  assert.equal(differences[0]?.line, 2);
});

test("a file that is not a recording is refused by name", async (context) => {
  const file = await record(context);
  writeFileSync(file, "hello\n");
  await assert.rejects(replay(file, createPackingPolicy), /run\.jsonl is not a recording/);
});

test("a recording of another version is refused, with what to do", async (context) => {
  const file = await record(context);
  writeFileSync(file, readFileSync(file, "utf8").replace('"version":4', '"version":3'));
  await assert.rejects(replay(file, createPackingPolicy), { code: "bad-request", message: /version 3, .* record the run again/ });
});

test("a recording is overwritten by the next; any other file is refused and stays as it is", async (context) => {
  const file = await record(context);
  const again = (path: string) => recordPolicy(streamOf(systemClock), OPTIONS, path);
  await (
    await again(file)
  )();
  assert.equal(readFileSync(file, "utf8").split("\n").length, 2);
  writeFileSync(file, "somebody's");
  await assert.rejects(again(file), { code: "bad-config", message: /record names .* is not a recording/ });
  assert.equal(readFileSync(file, "utf8"), "somebody's");
  await assert.rejects(again(join(file, "..")), { code: "bad-config", message: /record names .* cannot be written/ });
  await (
    await again("/dev/null")
  )();
});
