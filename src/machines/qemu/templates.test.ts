import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { type TestContext, test } from "node:test";

import { systemClock } from "../../base/clock/clock.ts";
import { usualChoice } from "../../base/kind/machine-kind.ts";
import type { Confinement } from "../host/qemu/confinement.ts";
import type { HostFacts } from "../host/qemu/host-facts.ts";
import { linux } from "./linux.ts";
import { createMemoryFile, makeImmutable } from "../../base/libc/libc.ts";
import { osv } from "./osv.ts";
import { createTemplates, type Template, templateKey } from "./templates.ts";
import type { MachineShape } from "./guest-kernel.ts";
import { afterwards } from "../../base/testing/afterwards.ts";

const facts = { qemuVersion: "7.2", tscKhz: 2_000_000 } as HostFacts;
const image = { id: "one", kernel: "k", root: "r" };
const shape: MachineShape = { guest: linux, accelerator: "tcg", ...usualChoice, runtime: "node" };
const keyOf = (changes: Partial<MachineShape>, week = 1, id = "one") =>
  templateKey({ image: { ...image, id }, facts }, { ...shape, ...changes }, week);

test("each kernel, accelerator, size and image has a template of its own", () => {
  const keys = [
    keyOf({}),
    keyOf({ guest: osv }),
    keyOf({ accelerator: "kvm" }),
    keyOf({ memoryMb: 512 }),
    keyOf({ vcpus: 2 }),
    keyOf({}, 1, "another"),
  ];
  assert.equal(new Set(keys).size, keys.length);
});

test("a new template is made each week if the guest's clock cannot be set, and only then", () => {
  assert.equal(keyOf({}, 2), keyOf({}, 1));
  assert.notEqual(keyOf({ guest: osv }, 2), keyOf({ guest: osv }, 1));
});

/** A server's templates, whose boots take no time: the n-th template that is made has the state "made n". */
function server(context: TestContext, cacheDir: string) {
  const warnings: string[] = [];
  let [made, now] = [0, 0];
  let meanwhile = () => {};
  const build = async () => {
    const memory = createMemoryFile("test");
    fs.ftruncateSync(memory, 1_048_576);
    fs.writeSync(memory, `memory ${++made}`, 0);
    makeImmutable(memory);
    meanwhile();
    return { memory, state: Buffer.from(`made ${made}`) };
  };
  const clock = { ...systemClock, now: () => now };
  const confinement = {} as Confinement;
  const templates = createTemplates({ image, facts, cacheDir, confinement, clock, warn: (text) => void warnings.push(text) }, build);
  afterwards(context, () => templates.close());
  return {
    warnings,
    get: () => templates.get(shape, () => undefined),
    release: () => templates.release(shape),
    /** Clones of the template that is used now, one after the other. */
    tell: async (outcomes: boolean[]) => {
      for (const worked of outcomes) templates.tried(shape, await templates.get(shape, () => undefined), worked);
    },
    stateOf: async () => fs.readFileSync(`/proc/self/fd/${(await templates.get(shape, () => undefined)).state}`, "utf8"),
    whileMaking: (what: () => void) => void (meanwhile = what),
    pass: (ms: number) => void (now += ms),
    stale: (template: Template, worked: boolean) => templates.tried(shape, template, worked),
  };
}

function temporaryFolder(context: TestContext): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "mayfly-templates-"));
  afterwards(context, () => fs.rmSync(folder, { recursive: true }));
  return folder;
}

/** Where a template of the shape is. */
function fileOf(cacheDir: string, name: string): string {
  return path.join(cacheDir, "qemu-templates", keyOf({}, Math.floor(Date.now() / 604_800_000)), name);
}

const fails = (count: number) => Array.from({ length: count }, () => false);

test("a template is made once, and loaded by the next server", async (context) => {
  const cacheDir = temporaryFolder(context);
  const [first, second] = [server(context, cacheDir), server(context, cacheDir)];
  assert.equal(await first.stateOf(), "made 1");
  await second.tell([true]);
  assert.equal(await second.stateOf(), "made 1");
  assert.deepEqual([...first.warnings, ...second.warnings], []);
});

test("a damaged template is made anew by the next server, which says so, and loaded by the one after", async (context) => {
  const cacheDir = temporaryFolder(context);
  await server(context, cacheDir).get();
  fs.truncateSync(fileOf(cacheDir, "state"), 2);
  const mending = server(context, cacheDir);
  await mending.get();
  assert.match(mending.warnings.join(), /template of machines with 256 MB .* is damaged \(its state has 2 bytes, not 6\): it is made anew/);
  const after = server(context, cacheDir);
  await after.get();
  assert.deepEqual(after.warnings, []);
});

test("a template whose clones fail five times in a row is thrown away and made anew, on disk too", async (context) => {
  const cacheDir = temporaryFolder(context);
  const { tell, stateOf, warnings } = server(context, cacheDir);
  await tell([...fails(4), true, ...fails(4)]);
  assert.equal(await stateOf(), "made 1");
  await tell(fails(1));
  assert.match(warnings.join(), /5 machines in a row did not come up from the template of machines with 256 MB/);
  assert.equal(await stateOf(), "made 2");
  assert.equal(fs.readFileSync(fileOf(cacheDir, "state"), "utf8"), "made 2");
});

test("if a new template fails as well, the next is made ten minutes later, because the host may be the reason", async (context) => {
  const { tell, stateOf, pass } = server(context, temporaryFolder(context));
  await tell(fails(5 + 100));
  assert.equal(await stateOf(), "made 2");
  pass(600_000);
  await tell(fails(1));
  assert.equal(await stateOf(), "made 3");
});

test("a template that is given up is loaded again when it is next needed", async (context) => {
  const { get, release, stateOf, warnings } = server(context, temporaryFolder(context));
  const first = await get();
  release();
  while (fs.existsSync(`/proc/self/fd/${first.memory}`)) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(await stateOf(), "made 1");
  assert.deepEqual(warnings, []);
});

test("a template that another server made in place of a discarded one is used", async (context) => {
  const cacheDir = temporaryFolder(context);
  const [first, second] = [server(context, cacheDir), server(context, cacheDir)];
  await Promise.all([first.get(), second.get()]);
  await first.tell(fails(5));
  assert.equal(await first.stateOf(), "made 2");
  await second.tell(fails(5));
  assert.equal(await second.stateOf(), "made 2");
});

test("clones of a discarded template do not count against the next one", async (context) => {
  const { get, tell, stateOf, stale, pass } = server(context, temporaryFolder(context));
  const old = await get();
  await tell(fails(5));
  await get();
  pass(600_000);
  for (const worked of fails(5)) stale(old, worked);
  assert.equal(await stateOf(), "made 2");
});

test("if a template cannot be saved, machines start from it all the same", async (context) => {
  const cacheDir = temporaryFolder(context);
  const { get, tell, stateOf, warnings, whileMaking } = server(context, cacheDir);
  // This imitates a disk that becomes full or breaks meanwhile.
  whileMaking(() => {
    fs.rmSync(path.join(cacheDir, "qemu-templates"), { recursive: true });
    fs.writeFileSync(path.join(cacheDir, "qemu-templates"), "");
  });
  await get();
  await tell([true]);
  assert.equal(await stateOf(), "made 1");
  assert.match(warnings.join(), /could not be saved \(ENOTDIR.*\): the next server will have to make it anew/);
});
