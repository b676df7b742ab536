import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import * as fc from "fast-check";
import { programFaults } from "./program-fit.ts";
import { neededVersions } from "./symbol-versions.ts";
import { makeElf } from "./testing/make-elf.ts";

const path = "/var/task/bootstrap";
const loader = "/lib64/ld-linux-x86-64.so.2";

function faults(data: Buffer | string, root: Record<string, Buffer> = {}): Promise<string[]> {
  return programFaults({ path, data: Buffer.from(data) }, async (each) => root[each]);
}

const onHost = (each: string) => readFile(each).catch(() => undefined);

test("real programs of this host fit it", async () => {
  for (const program of [process.execPath, "/bin/sh"])
    assert.deepEqual(await programFaults({ path: program, data: await readFile(program) }, onHost), []);
});

test("a static program fits every image", async () => {
  assert.deepEqual(await faults(makeElf()), []);
});

test("everything that is missing is named: loader, libraries, and libraries of libraries", async () => {
  const program = makeElf({ needed: ["liba.so", "libb.so", "libc.so"], interpreter: loader });
  assert.deepEqual(await faults(program, { "/lib/x86_64-linux-gnu/libb.so": makeElf({ needed: ["libd.so", "liba.so"] }) }), [
    `needs the loader ${loader}, which machines lack`,
    "needs the library liba.so, which machines lack",
    "needs the library libc.so, which machines lack",
    "needs the library libd.so (of /lib/x86_64-linux-gnu/libb.so), which machines lack",
  ]);
});

test("libraries that the app brings are found by the program's RUNPATH", async () => {
  const program = makeElf({ needed: ["liba.so"], runpath: "$ORIGIN/lib" });
  assert.deepEqual(await faults(program, { "/var/task/lib/liba.so": makeElf() }), []);
});

test("a program for another machine, and what is no program, are refused", async () => {
  assert.deepEqual(await faults(makeElf({ machine: 183 })), ["is not for x86-64, but for arm64"]);
  assert.deepEqual(await faults(makeElf({ machine: 9_999 })), ["is not for x86-64"]);
  for (const text of ["", "hello", "MZ\x90"])
    assert.deepEqual(await faults(text), ["is neither a program for Linux on x86-64 nor a script that begins with #!"]);
});

test("a script needs an interpreter that machines have", async () => {
  const root = { "/bin/sh": Buffer.alloc(0), "/usr/bin/env": Buffer.alloc(0), "/bin/node": Buffer.alloc(0) };
  const none: string[] = [];
  const cases: [string, string[]][] = [
    ["#!/bin/sh\n", none],
    ["#! /bin/sh -e\nexit", none],
    ["#!/usr/bin/env node\n", none],
    ["#!/usr/bin/env -S A=b node --x\n", none],
    ["#!/usr/local/bin/node\n", ["needs the interpreter /usr/local/bin/node, which machines lack: let its first line be #!/bin/node"]],
    ["#!/bin/bash\n", ["needs the interpreter /bin/bash, which machines lack"]],
    ["#!/usr/bin/env ruby\n", ["needs the interpreter ruby, which machines lack"]],
    ["#!/usr/bin/env\n", ["names no interpreter after env"]],
    ["#!sh\n", ["names no interpreter by its full path after #!"]],
    ["#!", ["names no interpreter by its full path after #!"]],
  ];
  for (const [text, expected] of cases) assert.deepEqual(await faults(text, root), expected, text);
  assert.match((await faults("#!/bin/sh\r\n", root))[0]!, /carriage return/);
});

test("a damaged program is refused or accepted, whatever is wrong with it, but never throws", async () => {
  const whole = makeElf({ needed: ["liba.so"], runpath: "/x", interpreter: "/ld.so" });
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length), async (at, value, length) => {
      const bytes = Buffer.from(whole);
      bytes[at] = value;
      for (const fault of await faults(bytes.subarray(0, length))) assert.match(fault, /^(is|needs) /);
    }),
    { numRuns: 500 },
  );
});

test("a library that is older than the program needs it is named, with the version", async () => {
  const shell = await readFile("/bin/sh");
  const [needed] = neededVersions(shell);
  const newer = shell.toString("latin1").replaceAll(`${needed!.version}\0`, `${needed!.version.slice(0, -1)}X\0`);
  const found = await programFaults({ path: "/bin/sh", data: Buffer.from(newer, "latin1") }, onHost);
  assert.deepEqual(found, [`needs ${needed!.version.slice(0, -1)}X of ${needed!.library}, which is older in machines`]);
});

test("a damaged list of versions is refused or accepted, but never throws", async () => {
  const shell = await readFile("/bin/sh");
  const files = new Map<string, Buffer | undefined>();
  const look = async (each: string) => {
    if (!files.has(each)) files.set(each, await onHost(each));
    return files.get(each);
  };
  // Where the lists are: next to the names of the versions.
  const names = shell.indexOf("GLIBC_");
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.integer({ min: -64, max: 4_096 }), fc.nat(255)), { minLength: 1, maxLength: 40 }),
      async (changes) => {
        const bytes = Buffer.from(shell);
        for (const [at, value] of changes) bytes[names + at] = value;
        for (const fault of await programFaults({ path: "/bin/sh", data: bytes }, look)) assert.match(fault, /^(is|needs) /);
      },
    ),
    { numRuns: 200 },
  );
});

test("where machines have no env, the script is told what to name instead", async () => {
  assert.deepEqual(await faults("#!/usr/bin/env -S node --x\n", { "/bin/node": Buffer.alloc(0) }), [
    "needs the interpreter /usr/bin/env, which machines lack: let its first line be #!/bin/node",
  ]);
  assert.deepEqual(await faults("#!/usr/bin/env ruby\n"), ["needs the interpreter /usr/bin/env, which machines lack"]);
});
