/**
 * One machine of an appliance: a confined QEMU that boots the image.
 *
 * Owns the process, its control group, its user id and its folder; all are gone when `exited` resolves.
 */
import type { ChildProcess } from "node:child_process";
import fs from "node:fs";
import type { Readable, Writable } from "node:stream";
import type { Image, RunSpec } from "../images/image.ts";
import { configInitrd } from "../images/standalone/standalone-initrd.ts";
import { stopWord } from "../images/standalone/supervisor.ts";
import type { Cgroup } from "../machines/host/cgroup/cgroup.ts";
import { createCgroup } from "../machines/host/cgroup/create-cgroup.ts";
import type { Usage } from "../machines/driver.ts";
import { StartFailure } from "../machines/exit.ts";
import { type ConsoleTail, keepTail } from "../machines/host/console-tail.ts";
import type { Confined } from "../machines/host/qemu/confinement.ts";
import { kernelNoise } from "../machines/qemu/console-end.ts";
import { QEMU_OVERHEAD, type QemuDescriptors, spawnQemu } from "../machines/host/qemu/spawn.ts";
import { createMemoryFile, createPipe, makeImmutable } from "../base/libc/libc.ts";
import type { Clock } from "../base/clock/clock.ts";
import { until } from "../base/clock/until.ts";
import type { SocketEgress } from "../egress/egress.ts";
import { applianceArguments, firstFd, type Wiring } from "./command-line.ts";
import { type ApplianceEnd, endOf } from "./end.ts";
import type { ApplianceHost } from "./host.ts";
import { openNetNamespace } from "./net-namespace.ts";
import { type Relay, type RelayPlan, startRelay } from "./relay-process.ts";
import type { ReadyVolume } from "./volumes.ts";
import { failureText } from "../base/errors/failure-text.ts";

export interface MachinePlan {
  id: string;
  /** The appliance, whose CPU time the machine uses. */
  app: string;
  /** The machine's own folder; the caller removes it after the end. */
  folder: string;
  image: Image;
  run: RunSpec;
  volumes: ReadyVolume[];
  wiring: Wiring;
  memoryMb: number;
  vcpus: number;
  /** The published ports, and where QEMU listens for each. */
  ports: RelayPlan["ports"];
  egress: SocketEgress | undefined;
  clock: Clock;
  onLine: (text: string) => void;
  /** Called with a clause on what happens to the machine's relay. */
  note: (text: string) => void;
}

export interface ApplianceMachine {
  readonly id: string;
  readonly exited: Promise<ApplianceEnd>;
  usage(): Usage;
  /** Asks the guest to stop in order. */
  askToStop(): void;
  kill(): void;
}

const ENTER_MS = 30_000;
/** Characters of the guest's last output that are kept for the reason of its end. */
const TAIL = 16_384;

/** Resolves when QEMU runs and its ports lead to it. If that fails, rejects with a StartFailure and leaves nothing behind. */
export async function startMachine(host: ApplianceHost, plan: MachinePlan): Promise<ApplianceMachine> {
  const parts = new AsyncDisposableStack();
  try {
    const qemu = startQemu(host, plan, parts);
    const { relay, console: said } = await startItsRelay(host, plan, qemu, parts);
    return machineOf(plan, qemu, relay, said, parts);
  } catch (error) {
    await parts.disposeAsync();
    throw error instanceof StartFailure ? error : new StartFailure(failureText(error), error);
  }
}

interface Qemu {
  child: ChildProcess;
  pid: number;
  cgroup: Cgroup;
  stderr: ConsoleTail;
  /** The reading end of the guest's console. */
  console: number;
  /** Never rejects. */
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

/** @param parts registers everything that must be undone at the machine's end, or if its start fails */
function startQemu(host: ApplianceHost, plan: MachinePlan, parts: AsyncDisposableStack): Qemu {
  const fileBytes = Math.max(0, ...plan.volumes.filter(({ writable }) => writable).map(({ file }) => fs.statSync(file).size));
  const needs = { fileBytes, hostNetwork: plan.wiring.ports.length > 0 };
  const confined = parts.adopt(host.confinement.take(needs), (held) => held.release());
  const limits = { memoryMb: plan.memoryMb + QEMU_OVERHEAD.memoryMb, vcpus: plan.vcpus + QEMU_OVERHEAD.vcpus };
  const cgroup = parts.adopt(createCgroup({ id: plan.id, ...limits, share: { app: plan.app } }), (group) => group.remove());
  const pipe = createPipe();
  parts.defer(() => fs.closeSync(pipe.read));
  const child = spawnAppliance(host, plan, confined, pipe.write);
  const ended = reap(child);
  parts.defer(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  // QEMU's end closes its input, which is an error for a writer. Whoever asked the guest to stop learns about the end from `exited`.
  (child.stdin as Writable).on("error", () => undefined);
  cgroup.add(child.pid);
  return { child, pid: child.pid, cgroup, stderr: keepTail(child.stderr as Readable), console: pipe.read, ended };
}

/**
 * If QEMU ends meanwhile, its end is the better reason than the relay's failure. Resolves with the relay, and with a function that returns
 * the guest's last output.
 */
async function startItsRelay(host: ApplianceHost, plan: MachinePlan, qemu: Qemu, parts: AsyncDisposableStack) {
  let tail = "";
  const onLines = (printed: string[]) => {
    const lines = printed.filter((line) => !kernelNoise.test(line));
    tail = `${tail}${lines.join("\n")}\n`.slice(-TAIL);
    for (const line of lines) plan.onLine(line);
  };
  const confined = process.getuid?.() === 0 ? await confinedBy(host, qemu, parts) : undefined;
  const { id, app, folder, ports, egress, clock, note } = plan;
  const starting = startRelay({ id, app, folder, confined, console: qemu.console, ports, egress, clock, onLines, note });
  // A relay may start after QEMU's end; it is closed as well.
  parts.defer(async () => {
    const relay = await starting.catch(() => undefined);
    await relay?.close();
  });
  const relay = await Promise.race([starting, qemu.ended.then(() => undefined)]);
  if (relay === undefined) throw new StartFailure("QEMU ended at once", undefined, qemu.stderr.lastLines(4));
  return { relay, console: () => tail };
}

async function confinedBy(host: ApplianceHost, qemu: Qemu, parts: AsyncDisposableStack) {
  const namespace = await networkOf(qemu);
  parts.defer(() => fs.closeSync(namespace));
  const user = parts.adopt(host.confinement.take(), (held) => held.release());
  return { uid: user.uid!, namespace };
}

/** Resolves when the programs that confine QEMU have made its namespace. */
async function networkOf({ child, pid }: Qemu): Promise<number> {
  const look = () => {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error("QEMU got no network namespace of its own");
    return openNetNamespace(pid);
  };
  return until(look, { what: "a network namespace of QEMU's own", ms: ENTER_MS, everyMs: 5 });
}

function machineOf({ id, note }: MachinePlan, qemu: Qemu, relay: Relay, said: () => string, parts: AsyncDisposableStack): ApplianceMachine {
  const { child, cgroup, stderr } = qemu;
  let last: Usage | undefined;
  const usage = (): Usage => {
    const { cpuUs, memoryBytes } = cgroup.usage();
    return { cpuUs: cpuUs + relay.cpuUs(), memoryBytes };
  };
  const exited = qemu.ended.then(async (exit): Promise<ApplianceEnd> => {
    await relay.consoleEnded();
    last = { cpuUs: usage().cpuUs, memoryBytes: 0 };
    const end = endOf({ ...exit, outOfMemory: cgroup.oomKilled(), console: said(), stderr: stderr.lastLines(4) });
    await parts.disposeAsync().catch((error: Error) => note(`something of the machine is left behind: ${error.message}`));
    return end;
  });
  const askToStop = () => void (child.stdin as Writable).write(`${stopWord}\n`);
  return { id, exited, usage: () => last ?? usage(), askToStop, kill: () => void child.kill("SIGKILL") };
}

/** @param console the writing end of a pipe, which is closed here */
function spawnAppliance({ facts, accelerator }: ApplianceHost, plan: MachinePlan, confined: Confined, console: number) {
  const { image, volumes } = plan;
  const shape = { accelerator, tscKhz: facts.tscKhz, memoryMb: plan.memoryMb, vcpus: plan.vcpus };
  const args = applianceArguments({ ...plan.wiring, ...shape, name: plan.id, volumes: volumes.map(serialAndMode) });
  const files: number[] = [];
  try {
    files.push(fs.openSync(image.root, "r"), fs.openSync(image.kernel, "r"), initrdFor(plan));
    for (const volume of volumes) files.push(openVolume(volume));
    const descriptors: QemuDescriptors = ["pipe", console, "pipe"];
    files.forEach((fd, index) => (descriptors[firstFd + index] = fd));
    return spawnQemu(confined, args, descriptors);
  } finally {
    for (const fd of [...files, console]) fs.closeSync(fd);
  }
}

function openVolume({ file, writable }: ReadyVolume): number {
  return fs.openSync(file, writable ? "r+" : "r");
}

function serialAndMode({ volume, writable }: ReadyVolume) {
  return { serial: (volume.disk as { serial: string }).serial, writable };
}

/** The initrd is a file in memory: the variables in it may be secrets, so they must be neither on a disk nor in the process's arguments. */
function initrdFor({ image, run, volumes }: MachinePlan): number {
  const surroundings = {
    root: { serial: "root" },
    volumes: volumes.map(({ volume }) => volume),
    network: "static",
    afterwards: "end",
  } as const;
  const fd = createMemoryFile("mayfly-initrd");
  fs.writeFileSync(fd, Buffer.concat([fs.readFileSync(image.initrd), configInitrd(run, surroundings)]));
  makeImmutable(fd);
  return fd;
}

/** Waits for "close", which, unlike "exit", comes after the last output. */
function reap(child: ChildProcess): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  return new Promise((resolve) => {
    child.on("close", (code, signal) => resolve({ code, signal }));
  });
}
