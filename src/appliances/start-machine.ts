/**
 * One machine of an appliance: a confined QEMU that boots the image.
 *
 * Owns the process, its control group, its user id and its folder; all are gone when `exited` resolves.
 */
import { type ChildProcess, spawn } from "node:child_process";
import fs from "node:fs";
import type { Readable, Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { MayflyError } from "../errors/error.ts";
import type { Image, RunSpec } from "../images/image.ts";
import { configInitrd } from "../images/standalone/standalone-initrd.ts";
import { stopWord } from "../images/standalone/supervisor.ts";
import { createCgroup } from "../machines/cgroup/create-cgroup.ts";
import type { Usage } from "../machines/driver.ts";
import { keepTail } from "../machines/console-tail.ts";
import type { Confined } from "../machines/qemu/confinement.ts";
import { createMemoryFile, sealMemoryFile } from "../machines/qemu/libc.ts";
import { applianceArguments, firstFd, type Wiring } from "./command-line.ts";
import { readLines } from "./console-lines.ts";
import { type End, endOf } from "./end.ts";
import type { ApplianceHost } from "./host.ts";
import { type NetNamespace, openNetNamespace } from "./net-namespace.ts";
import type { ReadyVolume } from "./volumes.ts";

export interface MachinePlan {
  id: string;
  image: Image;
  run: RunSpec;
  volumes: ReadyVolume[];
  wiring: Wiring;
  memoryMb: number;
  vcpus: number;
  onLine: (text: string) => void;
}

export interface ApplianceMachine {
  readonly id: string;
  /** Undefined without root: then QEMU listens on the host itself. */
  readonly network: NetNamespace | undefined;
  readonly exited: Promise<End>;
  usage(): Usage;
  /** Asks the guest for an orderly end. */
  askToStop(): void;
  kill(): void;
}

/** QEMU's own memory and threads beside the guest's, as for functions' machines. */
const OVERHEAD = { memoryMb: 192, vcpus: 0.5 };
const ENTER_MS = 5_000;

/** Resolves when QEMU runs. Rejects with "machine-start-failed", leaving nothing behind. */
export async function startMachine(host: ApplianceHost, plan: MachinePlan): Promise<ApplianceMachine> {
  const fileBytes = Math.max(0, ...plan.volumes.filter(({ writable }) => writable).map(({ file }) => fs.statSync(file).size));
  const confined = host.confinement.take({ fileBytes, hostNetwork: plan.wiring.ports.length > 0 });
  const cgroup = createCgroup({ id: plan.id, memoryMb: plan.memoryMb + OVERHEAD.memoryMb, vcpus: plan.vcpus + OVERHEAD.vcpus });
  const child = spawnQemu(host, plan, confined);
  const stderr = keepTail(child.stderr as Readable);
  const console_ = keepTail(child.stdout as Readable);
  readLines(child.stdout as Readable, plan.onLine);
  // The guest's console goes with it; whoever asked for a stop learns of the end.
  (child.stdin as Writable).on("error", () => undefined);
  let last: Usage | undefined;
  let network: NetNamespace | undefined;
  const exited = reap(child).then(async (exit): Promise<End> => {
    last = { cpuUs: cgroup.usage().cpuUs, memoryBytes: 0 };
    const end = endOf({ ...exit, outOfMemory: cgroup.oomKilled(), console: console_.text(), stderr: stderr.lastLines(4) });
    network?.close();
    await cgroup.remove();
    confined.release();
    return end;
  });
  const kill = () => void child.kill("SIGKILL");
  try {
    if (child.pid === undefined) throw new Error("QEMU did not start");
    cgroup.add(child.pid);
    if (process.getuid?.() === 0) network = await enterNetwork(child);
  } catch (error) {
    kill();
    const { detail } = await exited;
    throw new MayflyError("machine-start-failed", { reason: `${(error as Error).message}; ${detail}` }, error);
  }
  const askToStop = () => void (child.stdin as Writable).write(`${stopWord}\n`);
  return { id: plan.id, network, exited, usage: () => last ?? cgroup.usage(), askToStop, kill };
}

function spawnQemu({ facts, accelerator }: ApplianceHost, plan: MachinePlan, confined: Confined): ChildProcess {
  const { image, volumes } = plan;
  const initrd = initrdFor(plan);
  const files = [fs.openSync(image.root, "r"), fs.openSync(image.kernel, "r"), initrd, ...volumes.map(openVolume)];
  const shape = { accelerator, tscKhz: facts.tscKhz, memoryMb: plan.memoryMb, vcpus: plan.vcpus };
  const [program, ...before] = confined.command as [string, ...string[]];
  const args = applianceArguments({ ...plan.wiring, ...shape, name: plan.id, volumes: volumes.map(serialAndMode) });
  const stdio: ("pipe" | "ignore" | number)[] = ["pipe", "pipe", "pipe"];
  files.forEach((fd, index) => (stdio[firstFd + index] = fd));
  try {
    return spawn(program, [...before, ...args], { cwd: "/", env: {}, stdio, detached: true });
  } finally {
    for (const fd of files) fs.closeSync(fd);
  }
}

function openVolume({ file, writable }: ReadyVolume): number {
  return fs.openSync(file, writable ? "r+" : "r");
}

function serialAndMode({ volume, writable }: ReadyVolume) {
  return { serial: (volume.disk as { serial: string }).serial, writable };
}

/** In memory: the variables may be secrets, so they are neither in a file nor in the process's arguments. */
function initrdFor({ image, run, volumes }: MachinePlan): number {
  const surroundings = {
    root: { serial: "root" },
    volumes: volumes.map(({ volume }) => volume),
    network: "static",
    afterwards: "end",
  } as const;
  const fd = createMemoryFile("mayfly-initrd");
  fs.writeSync(fd, Buffer.concat([fs.readFileSync(image.initrd), configInitrd(run, surroundings)]));
  sealMemoryFile(fd);
  return fd;
}

/** Once what confines QEMU has made the namespace. */
async function enterNetwork(child: ChildProcess): Promise<NetNamespace> {
  for (const until = performance.now() + ENTER_MS; performance.now() < until; await sleep(5)) {
    if (child.exitCode !== null || child.signalCode !== null) break;
    const network = openNetNamespace(child.pid!);
    if (network !== undefined) return network;
  }
  throw new Error("QEMU got no network namespace of its own");
}

/** "close", unlike "exit", comes after the last output. */
function reap(child: ChildProcess): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  return new Promise((resolve) => {
    child.on("close", (code, signal) => resolve({ code, signal }));
    child.on("error", () => resolve({ code: 127, signal: null })); // it never ran
  });
}
