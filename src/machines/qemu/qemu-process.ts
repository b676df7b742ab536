/** A function's machine as a process: a confined QEMU with its channel, monitor and files as inherited descriptors. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Socket } from "node:net";
import type { Readable } from "node:stream";

import { type ConsoleTail, keepTail } from "../host/console-tail.ts";
import type { Clock } from "../../base/clock/clock.ts";
import { drained } from "../host/drained.ts";
import { pacePrinted } from "../host/pace-printed.ts";
import type { Confined } from "../host/qemu/confinement.ts";
import { type QemuDescriptors, spawnQemu } from "../host/qemu/spawn.ts";
import { Fd } from "./command-line.ts";
import { openQmp, type Qmp } from "./qmp.ts";

/** Descriptors of Mayfly's process that QEMU inherits under the numbers of Fd. They stay open here. */
export interface InheritedFiles {
  /** The state of a template, for a clone. */
  state?: number;
  memory: number;
  root: number;
  kernel?: number;
  initrd?: number;
}

export interface QemuProcess {
  pid: number;
  channel: Socket;
  /** That of mounts. Nothing comes on it from a guest that has none. */
  mounts: Socket;
  /** That of debuggers, if it was asked for. */
  inspector: Socket | undefined;
  qmp: Qmp;
  /** What the guest printed. */
  console: ConsoleTail;
  /** What QEMU, or the programs that confine it, printed on standard error. */
  stderr: ConsoleTail;
  /** Resolves when the process is reaped and its last output read. Never rejects. */
  exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  kill(): void;
}

/** @param inspected whether QEMU gets a socket for the channel of debuggers */
export function startQemuProcess(confined: Confined, args: string[], files: InheritedFiles, clock: Clock, inspected = false): QemuProcess {
  const child = spawnQemu(confined, args, descriptors(files, inspected));
  const streams = child.stdio as readonly unknown[] as readonly (Socket | undefined)[];
  const exited = reap(child, clock);
  const channel = streams[Fd.Channel] as Socket;
  channel.on("error", () => undefined); // "close" follows, which its reader handles
  const mounts = streams[Fd.Mounts] as Socket;
  mounts.on("error", () => undefined);
  const inspector = streams[Fd.Inspector];
  inspector?.on("error", () => undefined);
  const printed = { console: keepTail(child.stdout as Readable), stderr: keepTail(child.stderr as Readable) };
  for (const source of [child.stdout, child.stderr]) pacePrinted(source as Readable, clock);
  return {
    pid: child.pid,
    channel,
    mounts,
    inspector,
    qmp: openQmp(streams[Fd.Qmp] as Socket),
    ...printed,
    exited,
    kill: () => void child.kill("SIGKILL"),
  };
}

function descriptors(files: InheritedFiles, inspected: boolean): QemuDescriptors {
  const stdio: QemuDescriptors = ["ignore", "pipe", "pipe"];
  stdio[Fd.Channel] = "pipe";
  stdio[Fd.Qmp] = "pipe";
  stdio[Fd.State] = files.state ?? "ignore";
  stdio[Fd.Memory] = files.memory;
  stdio[Fd.Root] = files.root;
  stdio[Fd.Kernel] = files.kernel ?? "ignore";
  stdio[Fd.Initrd] = files.initrd ?? "ignore";
  stdio[Fd.Mounts] = "pipe";
  if (inspected) stdio[Fd.Inspector] = "pipe";
  return stdio;
}

/** "exit" comes before the last output is read; "close" waits for the channel's reader too. So this waits for "exit", then for the two outputs. */
async function reap(child: ChildProcess, clock: Clock) {
  const outputs = Promise.all([once(child.stdout as Readable, "close"), once(child.stderr as Readable, "close")]);
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) => {
    child.on("exit", (code, signal) => resolve([code, signal]));
  });
  await outputs;
  const channel = child.stdio[Fd.Channel] as Socket;
  await drained(channel, clock);
  channel.destroy();
  const streams = child.stdio as readonly unknown[] as readonly (Socket | undefined)[];
  for (const fd of [Fd.Qmp, Fd.Mounts, Fd.Inspector]) streams[fd]?.destroy();
  return { code, signal };
}
