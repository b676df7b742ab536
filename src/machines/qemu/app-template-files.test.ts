/** Templates of apps on the disk, without machines. */
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { setImmediate } from "node:timers/promises";

import { usualChoice } from "../../base/kind/machine-kind.ts";
import { createMemoryFile, makeImmutable } from "../../base/libc/libc.ts";
import { afterwards } from "../../base/testing/afterwards.ts";
import { createAppTemplates, savedSnapshots } from "./app-templates.ts";
import type { HostFacts } from "../host/qemu/host-facts.ts";
import type { MachineShape } from "./guest-kernel.ts";
import { linux } from "./linux.ts";

const facts = { qemuVersion: "7.2", tscKhz: 2_000_000 } as HostFacts;
const image = { id: "one", kernel: "k", root: "r" };
const shape: MachineShape = { guest: linux, accelerator: "tcg", ...usualChoice, runtime: "node" };
const MEMORY_BYTES = 1_048_576;

function scratch(t: TestContext): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "mayfly-app-template-files-"));
  afterwards(t, () => fs.rmSync(folder, { recursive: true }));
  return folder;
}

function open(t: TestContext, snapshotDir: string) {
  const templates = createAppTemplates({ image, facts, snapshotDir, warn: (text) => assert.fail(text) });
  afterwards(t, () => templates.close());
  return templates;
}

function frozen(text: string) {
  const memory = createMemoryFile("test");
  fs.ftruncateSync(memory, MEMORY_BYTES);
  fs.writeSync(memory, text, 0);
  makeImmutable(memory);
  return { memory, state: Buffer.from("state") };
}

const of = (part: string, inputs = "no secrets") => ({ part, inputs });
const all = () => undefined;

test("parts of one revision whose machines are of one kind have a template each, which goes alone", async (t) => {
  const folder = path.join(scratch(t), "snapshots");
  const templates = open(t, folder);
  const memoryOf = (part: string) => {
    const text = Buffer.alloc(16);
    fs.readSync(templates.find(shape, of(part))!.memory, text, 0, 16, 0);
    return text.toString().replaceAll("\0", "");
  };
  for (const part of ["rev/provided", "rev/server"]) await templates.add(shape, of(part), frozen(part), all);
  assert.deepEqual(["rev/provided", "rev/server"].map(memoryOf), ["rev/provided", "rev/server"]);
  const saved = () =>
    savedSnapshots(folder)
      .map(({ part }) => part)
      .toSorted();
  assert.deepEqual(saved(), ["rev/provided", "rev/server"]);
  assert.equal(await templates.load(shape, of("rev/provided", "another secret")), false);
  assert.deepEqual(saved(), ["rev/server"]);
  templates.drop("rev/server");
  assert.deepEqual([saved(), templates.find(shape, of("rev/server"))], [[], undefined]);
});

test("one that is not admitted, or cannot be saved, leaves neither files nor memory", async (t) => {
  const folder = path.join(scratch(t), "snapshots");
  const refused = frozen("x");
  let asked = 0;
  const refuse = (bytes: number) => {
    asked = bytes;
    throw new Error("no room");
  };
  await assert.rejects(open(t, folder).add(shape, of("rev"), refused, refuse), /no room/);
  // Only the page that is not empty is kept.
  assert.ok(asked > 0 && asked < MEMORY_BYTES, String(asked));
  assert.equal(fs.existsSync(folder), false);
  const unsaved = frozen("x");
  fs.writeFileSync(folder, "a file in its place");
  await assert.rejects(open(t, folder).add(shape, of("rev"), unsaved, all), { code: "EEXIST" });
  for (const { memory } of [refused, unsaved]) assert.throws(() => fs.fstatSync(memory), { code: "EBADF" });
});

test("one that is dropped while it is being saved, at whatever step, is not kept", async (t) => {
  const folder = path.join(scratch(t), "snapshots");
  const templates = open(t, folder);
  // Each time it goes a bit further, at last to its end.
  for (let turns = 0, dropped = true; dropped; turns += 1 + Math.floor(turns / 8)) {
    const made = frozen("x");
    const outcome = templates.add(shape, of("rev"), made, all).then(
      () => false,
      (error: Error) => {
        assert.match(error.message, /dropped while it was being saved/);
        return true;
      },
    );
    for (let turn = 0; turn < turns; turn += 1) await setImmediate();
    // Another's goes away by itself when the machines are given another secret.
    if (turns % 2 === 0) templates.drop("rev");
    else assert.equal(await templates.load(shape, of("rev", "another secret")), false);
    dropped = await outcome;
    if (dropped) assert.throws(() => fs.fstatSync(made.memory), { code: "EBADF" });
    assert.deepEqual([fs.readdirSync(folder), templates.find(shape, of("rev"))], [[], undefined], `after ${turns} turns`);
  }
});

test("of files that lack something nothing is left", async (t) => {
  const folder = path.join(scratch(t), "snapshots");
  await open(t, folder).add(shape, of("rev"), frozen("x"), all);
  const [name] = fs.readdirSync(folder);
  fs.rmSync(path.join(folder, name!, "memory"));
  assert.deepEqual([savedSnapshots(folder), fs.readdirSync(folder)], [[], []]);
});
