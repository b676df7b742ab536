import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { keepTail } from "../console-tail.ts";
import { kernelNoise, linuxLastWords, osvLastWords } from "./last-words.ts";
import { linux } from "./linux.ts";

const dump = `[   70.440918] CPU: 0 PID: 1 Comm: node Not tainted 6.1.0-41-cloud-amd64 #1  Debian 6.1.158-1
[   70.441050] Call Trace:
[   70.441666] RDX: 0000000000000000 RSI: 0000000000000001 RDI: 0000000000000001
[   70.453974]  </TASK>
[   70.455068] Kernel Offset: 0x2000000 from 0xffffffff81000000 (relocation range: 0xffffffff80000000-0xffffffffbfffffff)`;
const initEnded = (status: string) => `[   70.440806] Kernel panic - not syncing: Attempted to kill init! exitcode=0x${status}\n${dump}`;

test("of Linux: how its process ended, or the panic's one line, and what the program printed; no registers", () => {
  for (const [console, how, said] of [
    [
      `mayfly agent: the app called process.exit\n${initEnded("00000300")}`,
      "its process ended with code 3",
      ["mayfly agent: the app called process.exit"],
    ],
    [initEnded("0000000b"), "its process ended by SIGSEGV", []],
    [initEnded("00000086"), "its process ended by SIGABRT", []],
    [
      `[   71.0] warn_alloc: 3 callbacks suppressed\n[   74.5] Kernel panic - not syncing: System is deadlocked on memory\n${dump}`,
      "its kernel panicked: System is deadlocked on memory",
      [],
    ],
    [
      `<--- Last few GCs --->\nFATAL ERROR: Reached heap limit - JavaScript heap out of memory\n----- Native stack trace -----\n 1: 0x1 node::Abort\n${initEnded("00000006")}`,
      "its process ended by SIGABRT",
      ["FATAL ERROR: Reached heap limit - JavaScript heap out of memory"],
    ],
    [
      `[   74.5] Kernel panic - not syncing: Out of memory: compulsory panic_on_oom is enabled\n${dump}`,
      "raise memoryMb in the app's mayfly.json, or keep less in memory",
      [],
    ],
    ["", "it switched itself off", []],
  ] as const)
    assert.deepEqual(linuxLastWords(console), { how, said: [...said] });
});

test("of OSv: the line of the fault, and what the program printed before it; neither its greeting, nor registers and backtrace", () => {
  const greeting = "OSv v0.57.0\neth0: 10.0.2.15\nBooted up in 120.50 ms\nCmdline: /bin/node\nunimplemented system call 334\n";
  const fault = "page fault outside application, addr: 0x0000000000000000";
  const console = `${greeting}words of the program\n${fault}\n[registers]\nRIP: 0x0000000040012345 <abort+21>\n[backtrace]\n0x0000000040012345 <abort+21>\n`;
  assert.deepEqual(osvLastWords(console), { how: `its kernel gave up: ${fault}`, said: ["words of the program"] });
  assert.deepEqual(osvLastWords(`${greeting}mayfly agent: the app called process.exit\n`), {
    how: "it switched itself off",
    said: ["mayfly agent: the app called process.exit"],
  });
  assert.deepEqual(
    osvLastWords('Uncaught signal 6 ("Aborted"). Powering off.\n').how,
    'its kernel gave up: Uncaught signal 6 ("Aborted"). Powering off.',
  );
});

test("what Linux prints at every boot of a machine without PCI is no part of a failure; other lines of it are", async () => {
  const stream = new PassThrough();
  const tail = keepTail(stream);
  stream.write("[    0.150000] PCI: Fatal: No config space access function found\r\nmayfly init: failed: mount\n");
  await turn();
  assert.equal(tail.lastLines(8, linux.noise), "mayfly init: failed: mount");
  assert.equal(kernelNoise.test("[    0.2] PCI: Fatal: something else"), false);
  assert.equal(kernelNoise.test("my program says: PCI: Fatal: No config space access function found"), false);
});
