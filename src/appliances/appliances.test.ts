import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test, type TestContext } from "node:test";
import { mainTenant } from "../base/ids/new-id.ts";
import { openSeal } from "../store/catalog/seal.ts";
import { FakeClock } from "../dispatch/testing/fake-clock.ts";
import { createEgress } from "../egress/create-egress.ts";
import { createQemuHost } from "../machines/host/qemu/qemu-host.ts";
import { createUids } from "../base/uids/uids.ts";
import { openAppliances } from "./appliances.ts";
import { definitionsFile, openDefinitions } from "./definitions.ts";
import { applianceSpecSchema } from "./spec.ts";
import { afterwards } from "../base/testing/afterwards.ts";

test("a file of definitions whose user_version is lower than its tables is damaged, and its variables stay readable", (context) => {
  const dir = mkdtempSync(join(tmpdir(), "mayfly-appliances-"));
  afterwards(context, () => rmSync(dir, { recursive: true, force: true }));
  const seal = openSeal(join(dir, "key"), true);
  const open = () => openDefinitions(definitionsFile(dir), seal, String);
  const spec = applianceSpecSchema.parse({ name: "notes", image: "0".repeat(64), env: { CUSTOMER: "Ada" } });
  const first = open();
  first.save({ id: "apl_notes", tenant: mainTenant, spec, wanted: false, createdAt: 1 });
  first.close();
  using db = new DatabaseSync(definitionsFile(dir));
  for (const version of [0, 1]) {
    db.exec(`PRAGMA user_version = ${version}`);
    assert.throws(open, { code: "state-damaged" });
  }
  db.exec("PRAGMA user_version = 2");
  const again = open();
  assert.deepEqual(
    again.all((_name, error) => assert.fail(String(error))).map((one) => one.spec),
    [spec],
  );
  again.close();
});

test("logs of appliances that should run mention a worker's death; an appliance whose start fails is listed as waiting, and a stop ends that", async (context) => {
  const { appliances, lines } = open(context, ["wanted", "alone", "resting"]);
  await appliances.resume([{ at: 7_000, reason: "it was ended by SIGKILL" }], new Set(["apl_alone"]));
  const told = lines.filter(({ text }) => text.includes("worker died, and all machines with it: it was ended by SIGKILL."));
  assert.deepEqual(
    told.map(({ name, at }) => [name, at]),
    [
      ["apl_alone", 7_000],
      ["apl_wanted", 7_000],
    ],
  );
  const states = () => Object.fromEntries(appliances.list().map(({ name, state }) => [name, state]));
  assert.deepEqual(states(), { alone: "stopped", resting: "stopped", wanted: "waiting" });
  assert.match(appliances.list().find(({ name }) => name === "wanted")!.lastEnd!, /no image/i);
  await appliances.stop("apl_wanted");
  assert.equal(states()["wanted"], "stopped");
});

test("appliances that may have ended the server are started one after the other, apart from the rest, and at once by a user", async (context) => {
  const { appliances, lines, starts, clock } = open(context, ["a", "b", "c", "d", "e", "resting"]);
  const suspected = ["apl_b", "apl_gone", "apl_d", "apl_a", "apl_e", "apl_resting"];
  await appliances.resume([], new Set(["apl_e"]), { appliances: suspected, everyMs: 60_000 });
  assert.deepEqual(starts, ["apl_c"]);
  const shown = (name: string) => appliances.list().find((one) => one.name === name)!;
  for (const name of ["a", "b", "d"]) assert.equal(shown(name).state, "waiting");
  assert.match(shown("a").lastEnd!, /started apart/);
  assert.match(shown("e").lastEnd!, /left alone/);
  assert.ok(lines.some(({ name, text }) => name === "apl_d" && text.includes("in 120 s, apart from others")));
  await appliances.stop("apl_d");
  assert.equal(shown("d").state, "stopped");
  await clock.advance(60_000);
  assert.deepEqual(starts, ["apl_c", "apl_b"]);
  // Its image is missing here.
  await assert.rejects(appliances.start("apl_a"), { code: "no-such-image" });
  assert.deepEqual(starts, ["apl_c", "apl_b", "apl_a"]);
  assert.equal(shown("a").state, "stopped");
  await clock.advance(600_000);
  assert.deepEqual(starts, ["apl_c", "apl_b", "apl_a"]);
});

test("an appliance whose machine would take more memory than all together may have is refused, or waits, and its name says why", async (context) => {
  const { appliances } = open(context, ["large", "resting"], { memoryMb: 1_001 });
  await appliances.resume([]);
  const [large] = appliances.list();
  assert.equal(large!.state, "waiting");
  assert.match(
    large!.lastEnd!,
    /appliances\.maxMemoryMb does not permit it: .* 1000 MB of memory, others have 0, and this one asks for 1001/,
  );
  await assert.rejects(appliances.start("apl_resting"), { code: "not-permitted" });
});

/** Those called "resting" should not run. No image of theirs is there, so that every start fails. */
function open(context: TestContext, names: string[], more: object = {}) {
  const dir = mkdtempSync(join(tmpdir(), "mayfly-appliances-"));
  afterwards(context, () => rmSync(dir, { recursive: true, force: true }));
  const definitions = openDefinitions(definitionsFile(dir), openSeal(join(dir, "key"), true), String);
  for (const name of names) {
    const spec = applianceSpecSchema.parse({ name, image: "0".repeat(64), ...more });
    definitions.save({ id: `apl_${name}`, tenant: mainTenant, spec, wanted: name !== "resting", createdAt: 1 });
  }
  const lines: { name: string; text: string; at: number | undefined }[] = [];
  const starts: string[] = [];
  const clock = new FakeClock();
  const appliances = openAppliances({
    stateDir: dir,
    cacheDir: dir,
    runDir: dir,
    qemuHost: createQemuHost({ cacheDir: dir, jailDir: dir, uids: createUids() }),
    definitions,
    bootId: "boot",
    clock,
    usage: { record: () => undefined },
    egress: () => createEgress({ allow: [] }),
    log: (name, _machine, text, _ofPlatform, at) => void lines.push({ name, text, at }),
    permitted: { folders: [], publish: [] },
    bounds: { maxMemoryMb: 1_000, maxDiskMb: 1_000 },
    starting: (id) => void starts.push(id),
    takenUp: () => undefined,
    onUnusable: (_name, error) => assert.fail(String(error)),
    forgetLog: async () => undefined,
  });
  afterwards(context, () => appliances.close().finally(() => definitions.close()));
  return { appliances, lines, starts, clock };
}
