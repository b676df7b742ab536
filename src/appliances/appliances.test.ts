import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
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
  const dir = mkdtempSync(join(tmpdir(), "mayfly-appliances-"));
  afterwards(context, () => rmSync(dir, { recursive: true, force: true }));
  const seal = openSeal(join(dir, "key"), true);
  const definitions = openDefinitions(definitionsFile(dir), seal, String);
  for (const name of ["wanted", "alone", "resting"]) {
    const spec = applianceSpecSchema.parse({ name, image: "0".repeat(64) });
    definitions.save({ id: `apl_${name}`, tenant: mainTenant, spec, wanted: name !== "resting", createdAt: 1 });
  }
  const lines: { name: string; text: string; at: number | undefined }[] = [];
  const appliances = openAppliances({
    stateDir: dir,
    cacheDir: dir,
    runDir: dir,
    qemuHost: createQemuHost({ cacheDir: dir, jailDir: dir, uids: createUids() }),
    definitions,
    bootId: "boot",
    clock: new FakeClock(),
    usage: { record: () => undefined },
    egress: () => createEgress({ allow: [] }),
    log: (name, _machine, text, _ofPlatform, at) => void lines.push({ name, text, at }),
    permitted: { folders: [], publish: [] },
    starting: () => undefined,
    takenUp: () => undefined,
    onUnusable: (_name, error) => assert.fail(String(error)),
    forgetLog: async () => undefined,
  });
  afterwards(context, () => appliances.close().finally(() => definitions.close()));
  await appliances.resume(new Set(["apl_alone"]), [{ at: 7_000, reason: "it was ended by SIGKILL" }]);
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
