import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { keepTail } from "../host/console-tail.ts";
import { kernelNoise, linuxEnd, osvEnd } from "./console-end.ts";
import { linux } from "./linux.ts";

const dump = `[   70.440918] CPU: 0 PID: 1 Comm: node Not tainted 6.1.0-41-cloud-amd64 #1  Debian 6.1.158-1
[   70.441050] Call Trace:
[   70.441666] RDX: 0000000000000000 RSI: 0000000000000001 RDI: 0000000000000001
[   70.453974]  </TASK>
[   70.455068] Kernel Offset: 0x2000000 from 0xffffffff81000000 (relocation range: 0xffffffff80000000-0xffffffffbfffffff)`;
const initEnded = (status: string) => `[   70.440806] Kernel panic - not syncing: Attempted to kill init! exitcode=0x${status}\n${dump}`;

const raise = "raise memoryMb in the app's mayfly.json, or keep less in memory";

test("of Linux: how its process ended, or that its kernel panicked; what was printed, except registers, is output", () => {
  for (const [console, reason, detail, output] of [
    [
      `mayfly agent: the app called process.exit\n${initEnded("00000300")}`,
      "exited",
      "its process ended with code 3",
      ["mayfly agent: the app called process.exit"],
    ],
    [initEnded("00000000"), "exited", "its process ended with code 0", []],
    [initEnded("0000000b"), "crashed", "its process ended by SIGSEGV", []],
    [initEnded("00000086"), "crashed", "its process ended by SIGABRT", []],
    [initEnded("00008b00"), "crashed", "its process ended by SIGSEGV", []],
    [initEnded("0000ff00"), "exited", "its process ended with code 255", []],
    [`bye\n[   74.5] Kernel panic - not syncing: Fatal exception\n${dump}`, "crashed", "its kernel panicked", ["bye", "Fatal exception"]],
    [`[   74.5] Kernel panic - not syncing: System is deadlocked on memory\n${dump}`, "out-of-memory", raise, []],
    [`[   74.5] Kernel panic - not syncing: Out of memory: compulsory panic_on_oom is enabled\n${dump}`, "out-of-memory", raise, []],
    [
      `<--- Last few GCs --->\nFATAL ERROR: Reached heap limit - JavaScript heap out of memory\n----- Native stack trace -----\n 1: 0x1 node::Abort\n${initEnded("00000006")}`,
      "out-of-memory",
      "its process ended by SIGABRT",
      ["FATAL ERROR: Reached heap limit - JavaScript heap out of memory"],
    ],
    [
      `mayfly agent: Java heap out of memory\n${initEnded("00000100")}`,
      "out-of-memory",
      "its process ended with code 1",
      ["mayfly agent: Java heap out of memory"],
    ],
    [
      `# There is insufficient memory for the Java Runtime Environment to continue.\n${initEnded("00000006")}`,
      "out-of-memory",
      "its process ended by SIGABRT",
      ["# There is insufficient memory for the Java Runtime Environment to continue."],
    ],
    [
      `mayfly agent: it failed at a frame of type 3: Traceback (most recent call last):\nMemoryError: no room\n${initEnded("00000100")}`,
      "out-of-memory",
      "its process ended with code 1",
      ["mayfly agent: it failed at a frame of type 3: Traceback (most recent call last):", "MemoryError: no room"],
    ],
    [
      `mayfly agent: it failed at a frame of type 3: a MemoryError of the app's\n${initEnded("00000100")}`,
      "exited",
      "its process ended with code 1",
      ["mayfly agent: it failed at a frame of type 3: a MemoryError of the app's"],
    ],
    ["", "exited", "it switched itself off", []],
  ] as const) {
    const end = linuxEnd(console);
    assert.deepEqual([end.reason, end.detail, end.output], [reason, detail, [...output]], console);
  }
});

test("a disk that cannot be read is told apart from other ends, on either kernel", () => {
  assert.equal(linuxEnd("[    3.1] I/O error, dev vda, sector 8 op 0x0:(READ)").blamesDisk, true);
  assert.equal(linuxEnd(initEnded("00000007")).blamesDisk, true, "SIGBUS: a page of init is not there");
  assert.equal(linuxEnd(initEnded("00008700")).blamesDisk, true, "SIGBUS: a page of the agent is not there");
  assert.equal(linuxEnd(initEnded("0000000b")).blamesDisk, false);
});

test("of OSv: that its kernel gave up, with the line of the fault as output, but not its greeting, registers or backtrace", () => {
  const greeting = "OSv v0.57.0\neth0: 10.0.2.15\nBooted up in 120.50 ms\nCmdline: /bin/node\nunimplemented system call 334\n";
  const fault = "page fault outside application, addr: 0x0000000000000000";
  const console = `${greeting}words of the program\n${fault}\n[registers]\nRIP: 0x0000000040012345 <abort+21>\n[backtrace]\n0x0000000040012345 <abort+21>\n`;
  const { reason, detail, output } = osvEnd(console);
  assert.deepEqual([reason, detail, output], ["crashed", "its kernel gave up", ["words of the program", fault]]);
  const ended = osvEnd(`${greeting}mayfly agent: the app called process.exit\n`);
  assert.deepEqual([ended.detail, ended.output], ["it switched itself off", ["mayfly agent: the app called process.exit"]]);
  assert.deepEqual(osvEnd('Uncaught signal 6 ("Aborted"). Powering off.\n').output, ['Uncaught signal 6 ("Aborted"). Powering off.']);
});

test("what Linux prints at every boot of a machine without PCI is left out of a failure; other lines are not", async () => {
  const stream = new PassThrough();
  const tail = keepTail(stream);
  stream.write("[    0.150000] PCI: Fatal: No config space access function found\r\nmayfly init: failed: mount\n");
  await turn();
  assert.deepEqual(tail.lastLines(8, linux.noise), ["mayfly init: failed: mount"]);
  assert.equal(kernelNoise.test("[    0.2] PCI: Fatal: something else"), false);
  assert.equal(kernelNoise.test("my program says: PCI: Fatal: No config space access function found"), false);
});
