/**
 * OSv as a guest. Everywhere the tests check that real QEMU accepts its command lines and starts a kernel of its kind. If MAYFLY_OSV_KERNEL
 * names a kernel, the whole conformance suite runs on it (docs/osv.md).
 */
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, test } from "node:test";

import { systemClock } from "../../base/clock/clock.ts";
import { loadConfig } from "../../base/config/load.ts";
import { writeOsvDisk } from "../../images/osv/disk.ts";
import { ensureOsvImage } from "../../images/osv/ensure-osv-image.ts";
import { tinyKernel } from "../../images/osv/testing/tiny-kernel.ts";
import { describeDriverConformance } from "../conformance/describe-driver-conformance.ts";
import { type AgentName, agents, usualChoice } from "../../base/kind/machine-kind.ts";
import { libcFlags, osvFlags } from "../../images/java/java-command.ts";
import { StartFailure } from "../exit.ts";
import type { GuestKernel } from "./guest-kernel.ts";
import { osv } from "./osv.ts";
import { createDriverWithHost } from "./testing/own-host.ts";
import { createUids } from "../../base/uids/uids.ts";

const { cacheDir, osvKernel } = loadConfig({});
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "mayfly-osv-guest-"));
const runDir = path.join(folder, "run");
const brokenRunDir = path.join(folder, "broken");
after(() => fs.rmSync(folder, { recursive: true }));

/** The command line that a kernel was given, from a kernel that only prints it. */
async function printedBy(guest: GuestKernel, runtime: AgentName = "node"): Promise<string> {
  const kernel = path.join(folder, "tiny.elf");
  const root = path.join(folder, "disk.img");
  fs.writeFileSync(kernel, tinyKernel());
  if (!fs.existsSync(root)) await writeOsvDisk([], root);
  const image = async () => ({ id: `tiny-${process.pid}`, kernel, root });
  const driver = createDriverWithHost({ guest, runtime, image, cacheDir: path.join(folder, "cache"), runDir, clock: systemClock });
  const failure: unknown = await driver.prepare(() => undefined, { ...usualChoice, runtime }).catch((error: unknown) => error);
  await driver.close();
  assert.ok(failure instanceof StartFailure);
  assert.equal(failure.exit.detail, "QEMU ended with code 0");
  return failure.exit.output.join(" | ");
}

const shape = { guest: osv, accelerator: "tcg", ...usualChoice, runtime: "node" } as const;

for (const runtime of agents)
  test(`on the board of an emulated machine, a kernel of OSv's kind starts and gets the whole command line of ${runtime}`, async () => {
    assert.equal(await printedBy(osv, runtime), osv.commandLine({ ...shape, runtime }, 0));
  });

test("on the board of a machine with KVM, the command line also names the devices", async () => {
  const said = await printedBy({ ...osv, board: () => osv.board("kvm") });
  const [line, ...devices] = said.split(" virtio_mmio.device=");
  assert.equal(line, osv.commandLine(shape, 0));
  // There are two devices, the network and the disk.
  assert.equal(devices.length, 2, said);
});

test("the command line makes Node run the agent, and tells it that it is on OSv", () => {
  const words = osv.commandLine(shape, 0).split(" ");
  const program = words.findIndex((word) => !word.startsWith("--"));
  assert.deepEqual(words.slice(program, program + 2), ["/lib64/ld-linux-x86-64.so.2", "/bin/node"]);
  assert.equal(words.at(-1), "/mayfly/agent.mjs");
  for (const option of [
    "--rootfs=rofs",
    "--ip=eth0,10.0.2.15,255.255.255.0",
    "--defaultgw=10.0.2.2",
    "--env=MAYFLY_GUEST=osv",
    "--verbose",
  ]) {
    assert.ok(words.indexOf(option) < program && words.includes(option), option);
  }
  assert.ok(words.includes("--env=MAYFLY_CHANNEL=tcp:10.0.2.100:1"));
  assert.ok(words.includes("--max-old-space-size=144"), "OSv runs out of memory at a heap of 170");
});

/** The program of such machines and its arguments, and the options of OSv before it. */
function toldOf(runtime: AgentName, memoryMb = 256): { options: string[]; program: string[] } {
  const words = osv.commandLine({ ...shape, runtime, memoryMb }, 0).split(" ");
  const program = words.findIndex((word) => !word.startsWith("--"));
  return { options: words.slice(0, program), program: words.slice(program) };
}

test("the loader starts Python's agent as a module, found by PYTHONPATH: OSv takes every script for a terminal", () => {
  const { options, program } = toldOf("python");
  assert.deepEqual(program, ["/lib64/ld-linux-x86-64.so.2", "/usr/bin/python3", "-m", "mayfly"]);
  for (const option of ["PYTHONPATH=/mayfly/python", "PYTHONHOME=/usr", "MAYFLY_GUEST=osv", "MAYFLY_TASK_ROOT=/tmp/task"])
    assert.ok(options.includes(`--env=${option}`), option);
});

test("the loader starts Java's agent with what starts quickest, in the task root, and a heap that ends before OSv's memory does", () => {
  const { options, program } = toldOf("java");
  assert.deepEqual(program.slice(0, 2), ["/lib64/ld-linux-x86-64.so.2", "/usr/lib/jvm/java-17-openjdk-amd64/bin/java"]);
  assert.deepEqual(program.slice(-2), ["-jar", "/mayfly/agent.jar"]);
  const flags = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", "-Duser.dir=/tmp/task"];
  // Without these, clocks would be the kernel's, and nothing would lead connections to the agent.
  for (const flag of [...flags, ...libcFlags, ...osvFlags("/mayfly/agent.jar")]) assert.ok(program.includes(flag), flag);
  for (const option of ["MAYFLY_GUEST=osv", "MAYFLY_TASK_ROOT=/tmp/task", "MAYFLY_CHANNEL=tcp:10.0.2.100:1"])
    assert.ok(options.includes(`--env=${option}`), option);
  for (const memoryMb of [128, 256, 1_024, 8_192]) {
    const sizes = toldOf("java", memoryMb).program.flatMap((word) => /^-Xmx(\d+)m$/.exec(word)?.[1] ?? []);
    assert.equal(sizes.length, 1);
    // OpenJDK 17 and OSv hold 71 MB at the first message, of which little is heap.
    assert.ok(Number(sizes[0]) <= memoryMb - 71, `${sizes[0]} of ${memoryMb}`);
  }
});

test("no machine is told of a program that could start another one, or lead connections", () => {
  for (const runtime of agents) assert.ok(!osv.commandLine({ ...shape, runtime }, 0).includes("redirect"), runtime);
});

test("the reason of a guest's end is read from OSv's last lines", () => {
  const ends: [string, string][] = [
    ["", "exited"],
    ["mayfly agent: the app called process.exit\n", "exited"],
    ["Out of memory: could not reclaim any further. Current memory: 12 Kb\n\n[backtrace]\n", "out-of-memory"],
    ["FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\nAborted\n", "out-of-memory"],
    ["Aborted\n\n[backtrace]\n0x0000000040012345 <abort+21>\n", "crashed"],
    ['Uncaught signal 6 ("Aborted"). Aborting.\n', "crashed"],
    ['Uncaught signal 6 ("Aborted"). Powering off.\n', "crashed"],
    [`OSv v0.57.0\nCmdline: ${osv.commandLine(shape, 0)}\nAssign IP\nrandom: device unblocked.\n`, "exited"],
    [`OSv v0.57.0\nCmdline: ${osv.commandLine(shape, 0)}\nUncaught signal 6 ("Aborted"). Powering off.\n`, "crashed"],
    ["page fault outside application, addr: 0x0000000000000000\n[registers]\n", "crashed"],
    [
      "page fault outside application, addr: 0x0000000000000000\n[registers]\nRIP: 0x40\n[backtrace]\n0x40 <memory::page_pool::l2::refill()+112>\n0x41 <memory::page_pool::l1::alloc_page()+30>\n",
      "out-of-memory",
    ],
    // Which function of the pool it was differs by OSv's version.
    ["page fault outside application, addr: 0x0\n[backtrace]\n0x40 <memory::page_pool::l2::alloc_page_batch()+9>\n", "out-of-memory"],
    ["page fault outside application, addr: 0x0\n[backtrace]\n0x40 <memory::page_pool::l1::alloc_page()+30>\n", "crashed"],
    ["mayfly agent: Java heap out of memory\n", "out-of-memory"],
    ["# There is insufficient memory for the Java Runtime Environment to continue.\nAborted\n", "out-of-memory"],
    ["# A fatal error has been detected by the Java Runtime Environment:\n#  SIGSEGV (0xb) at pc=0x1\nAborted\n", "crashed"],
    ["mayfly agent: it failed at a frame of type 3: Traceback (most recent call last):\nMemoryError\n", "out-of-memory"],
    ["mayfly agent: the app called sys.exit\n", "exited"],
  ];
  for (const [console, reason] of ends) assert.equal(osv.endOf(console).reason, reason, console);
});

if (osvKernel !== undefined) {
  const image = () => ensureOsvImage({ uids: createUids(), cacheDir, osvKernel, progress: () => undefined });
  describeDriverConformance("qemu-osv", async () => ({
    driver: createDriverWithHost({ guest: osv, image, cacheDir, runDir, clock: systemClock }),
    broken: createDriverWithHost({
      guest: osv,
      image: async () => ({ ...(await image()), root: path.join(folder, "no-root") }),
      cacheDir,
      runDir: brokenRunDir,
      clock: systemClock,
    }),
    folders: [runDir, brokenRunDir],
    limited: "by itself",
    processes: "one",
  }));
}
