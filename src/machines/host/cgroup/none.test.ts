import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";

import { until } from "../../../base/clock/until.ts";
import { createNone } from "./none.ts";
import { parentOf } from "./proc.ts";

const MIB = 1_048_576;

/**
 * A process that maps 64 MiB of a memory file, reads all of it, and writes to the first 16: as a clone does with its template's memory.
 * It fills the file from one buffer, so that nothing of its own waits to be collected while it is weighed.
 */
const mapper = (flags: string) => `
  const { dlopen } = require("node:ffi");
  const { functions: libc } = dlopen("libc.so.6", {
    memfd_create: { arguments: ["string", "u32"], return: "i32" },
    mmap: { arguments: ["u64", "u64", "i32", "i32", "i32", "i64"], return: "u64" },
    memset: { arguments: ["u64", "i32", "u64"], return: "u64" },
    memcmp: { arguments: ["u64", "u64", "u64"], return: "i32" },
  });
  const fs = require("node:fs");
  const fd = libc.memfd_create("template", 0);
  const chunk = Buffer.alloc(${MIB}, 1);
  for (let n = 0; n < 64; n++) fs.writeSync(fd, chunk);
  const at = libc.mmap(0n, ${64 * MIB}n, 3, ${flags}, fd, 0n);
  libc.memcmp(at, at + ${32 * MIB}n, ${32 * MIB}n);
  fs.writeSync(1, "read\\n");
  process.stdin.once("data", () => { libc.memset(at, 2, ${16 * MIB}n); fs.writeSync(1, "written\\n"); });
`;

async function held(context: { after(fn: () => void): void }, flags: string): Promise<[number, number]> {
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", "-e", mapper(flags)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  context.after(() => void child.kill("SIGKILL"));
  const group = createNone("a test");
  group.add(child.pid!);
  const said = () => once(child.stdout, "data", { signal: AbortSignal.timeout(60_000) });
  await said();
  const before = group.usage().memoryBytes;
  const written = said();
  child.stdin.write("go");
  await written;
  return [before, group.usage().memoryBytes];
}

test("without control groups a machine holds what it wrote of its template, not what it only read, as with them", async (context) => {
  const [privately, wrote] = await held(context, "2");
  const [shared] = await held(context, "1");
  assert.ok(wrote - privately > 14 * MIB && wrote - privately < 32 * MIB, `${privately} and then ${wrote} bytes`);
  assert.ok(shared - privately > 48 * MIB, `${privately} bytes privately, ${shared} shared`);
});

test("a process that has lost its parent still belongs to the machine, if it was seen before", async (context) => {
  const child = spawn("/bin/sh", ["-c", "setsid sleep 600 & echo $!; wait"], { stdio: ["ignore", "pipe", "inherit"] });
  context.after(() => void child.kill("SIGKILL"));
  const [line] = (await once(child.stdout, "data", { signal: AbortSignal.timeout(60_000) })) as [Buffer];
  const orphan = Number(line);
  context.after(() => void process.kill(orphan, "SIGKILL"));
  const group = createNone("a test");
  group.add(child.pid!);
  assert.ok(group.pids().includes(orphan));
  child.kill("SIGKILL");
  await once(child, "exit");
  await until(() => parentOf(orphan) !== child.pid);
  assert.ok(group.pids().includes(orphan));
  await group.remove();
  assert.deepEqual(group.pids(), []);
});
