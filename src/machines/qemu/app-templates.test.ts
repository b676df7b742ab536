/** Machines of one app that were initialised before they were frozen, with the real template, agent and host end. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";

import { systemClock } from "../../base/clock/clock.ts";
import { loadConfig } from "../../base/config/load.ts";
import { usualChoice } from "../../base/kind/machine-kind.ts";
import { createUids } from "../../base/uids/uids.ts";
import { ensureImage } from "../../images/ensure-image.ts";
import { openSession } from "../conformance/session.ts";
import type { AppSnapshot, Driver, FreezeSteps, Machine } from "../driver.ts";
import { linux } from "./linux.ts";
import { createDriverWithHost } from "./testing/own-host.ts";

const { cacheDir } = loadConfig({});
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "mayfly-app-templates-"));
const folder = path.join(scratch, "snapshots");
const revision = `rev-${process.pid}`;
const inputs = "no secrets";
let driver: Driver;
let started = 0;

function open(): Driver {
  return createDriverWithHost({
    guest: linux,
    image: () => ensureImage({ uids: createUids(), cacheDir, progress: () => undefined }),
    cacheDir,
    runDir: scratch,
    snapshotDir: folder,
    clock: systemClock,
  });
}

before(async () => {
  driver = open();
  await driver.prepare(() => undefined, usualChoice);
});
after(async () => {
  driver.snapshots!.drop(revision);
  await driver.close();
  fs.rmSync(scratch, { recursive: true });
});

const everySource = `
  const crypto = require("node:crypto"), fs = require("node:fs");
  const draw = () => ({
    mathRandom: String(Math.random()),
    randomBytes: crypto.randomBytes(16).toString("hex"),
    randomInt: String(crypto.randomInt(2 ** 47)),
    nodeUuid: crypto.randomUUID(),
    newerUuid: crypto.randomUUIDv7(),
    webUuid: globalThis.crypto.randomUUID(),
    getRandomValues: Buffer.from(globalThis.crypto.getRandomValues(new Uint8Array(16))).toString("hex"),
    keyPair: crypto.generateKeyPairSync("x25519").publicKey.export({ format: "jwk" }).x,
    temporaryFolder: fs.mkdtempSync("/tmp/x-"),
  });
  const atStart = draw();
  let restored = "never";
  mayfly.registerAfterRestore(() => (restored = Date.now()));
  exports.default = { fetch: () => Response.json({ atStart, now: draw(), restored, time: Date.now() }) };`;

function spec(which = inputs): { id: string; memoryMb: number; vcpus: number; snapshot: AppSnapshot } {
  return { id: `snap-${process.pid}-${++started}`, memoryMb: 256, vcpus: 1, snapshot: { part: revision, inputs: which } };
}

function steps(ready: FreezeSteps["ready"]): FreezeSteps {
  return { ready, admit: () => undefined, gone: new AbortController().signal };
}

async function bind(machine: Machine, source: string): Promise<void> {
  const { host } = await openSession(machine);
  const code = Buffer.from(source);
  const functions = [{ name: "ask", format: "cjs" as const, source: { type: "frames" as const, bytes: code.length }, handler: "handler" }];
  await host.bind({ app: "snap", revision: "v1", functions, env: {}, memoryMb: 256, egress: false, snapshot: true }, [code]);
  host.close();
}

async function clone(of = driver): Promise<() => Promise<Record<string, unknown>>> {
  const machine = await of.start(spec());
  const { host, call } = await openSession(machine, true);
  return async () => {
    const reply = JSON.parse((await call("ask", Buffer.alloc(0))).toString()) as Record<string, unknown>;
    host.close();
    await machine.kill();
    return reply;
  };
}

test("clones of an initialised machine share what it drew at its start, and draw different values from every source from then on", async () => {
  await driver.snapshots!.make(
    spec(),
    steps((machine) => bind(machine, everySource)),
  );
  const clones = await Promise.all(Array.from({ length: 4 }, () => clone()));
  const replies = await Promise.all(clones.map((ask) => ask()));
  const drawn = replies.map(({ now }) => now as Record<string, string>);
  assert.equal(new Set(replies.map(({ atStart }) => JSON.stringify(atStart))).size, 1, "it was initialised once");
  for (const source of Object.keys(drawn[0]!)) {
    const values = drawn.map((each) => each[source]);
    assert.equal(new Set(values).size, values.length, `${source}: ${values.join(", ")}`);
  }
  for (const { restored, time } of replies) {
    assert.ok(Math.abs(Number(time) - Date.now()) < 60_000, String(time));
    assert.equal(typeof restored, "number");
  }
});

test("a machine that cannot be made ready, or ends meanwhile, leaves nothing behind", async () => {
  const begun = Promise.withResolvers<void>();
  const failing = driver.snapshots!.make(
    spec("x"),
    steps(async () => Promise.reject(new Error("not ready"))),
  );
  await assert.rejects(failing, /not ready/);
  const ending = driver.snapshots!.make(
    spec("y"),
    steps((machine) => {
      void machine.kill();
      return new Promise(() => {});
    }),
  );
  await assert.rejects(ending, /the machine ended/);
  const gone = new AbortController();
  const unwanted = driver.snapshots!.make(spec("z"), {
    ...steps(async () => {
      begun.resolve();
      await new Promise(() => {});
    }),
    gone: gone.signal,
  });
  await Promise.race([begun.promise, unwanted]);
  gone.abort();
  await assert.rejects(unwanted, /the machine ended/);
  await assert.rejects(driver.snapshots!.make(spec("z"), { ...steps(async () => undefined), gone: gone.signal }), { name: "AbortError" });
  let bytes = 0;
  const tooLarge = driver.snapshots!.make(spec("w"), {
    ...steps(async () => undefined),
    admit(size) {
      bytes = size;
      throw new Error("it is too large");
    },
  });
  await assert.rejects(tooLarge, /it is too large/);
  assert.ok(bytes > 1e6 && bytes < 400e6, String(bytes));
  const saved = driver.snapshots!.saved().filter((each) => each.part === revision);
  assert.equal(saved.length, 1, "only the one that was made before");
});

test("what an earlier server has begun is removed at first, whatever its process id was, and what this one writes is left alone", () => {
  const begun = path.join(folder, `${randomBytes(4).toString("hex")}.a.b.${process.pid}`);
  fs.mkdirSync(begun, { recursive: true });
  driver.snapshots!.saved();
  assert.ok(fs.existsSync(begun));
  open().snapshots!.saved();
  assert.ok(!fs.existsSync(begun));
});

test("its files are for this process's user alone, another server finds them, and other inputs are another snapshot's", async () => {
  const saved = driver.snapshots!.saved().filter((each) => each.part === revision);
  assert.equal(saved.length, 1);
  assert.ok(saved[0]!.bytes > 1e6 && saved[0]!.bytes < 400e6, String(saved[0]!.bytes));
  for (const file of filesOf(folder)) assert.equal(fs.statSync(file).mode & 0o077, 0, file);
  const other = open();
  try {
    await assert.rejects(clone(other), /snapshot that it was to start from is gone/);
    assert.equal(await other.snapshots!.load(usualChoice, spec().snapshot), true);
    assert.equal(typeof (await (await clone(other))())["restored"], "number");
    assert.equal(await other.snapshots!.load(usualChoice, spec("a new secret").snapshot), false, "it was made with other secrets");
    assert.deepEqual(
      other.snapshots!.saved().filter((each) => each.part === revision),
      [],
      "so that nobody needs it any more",
    );
  } finally {
    await other.close();
  }
});

function filesOf(parent: string): string[] {
  return [parent, ...fs.readdirSync(parent, { recursive: true, encoding: "utf8" }).map((name) => path.join(parent, name))];
}
