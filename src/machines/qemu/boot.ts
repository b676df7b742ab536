/** Boots an image from nothing to the agent's Ready. A boot takes seconds under TCG, so only templates and the trial of KVM are booted. */
import { randomBytes } from "node:crypto";
import fs from "node:fs";

import type { Clock } from "../../base/clock/clock.ts";
import { within } from "../../base/clock/within.ts";
import type { HostEnd } from "../../wire/host-end.ts";
import { openHostEnd } from "../../wire/open-host-end.ts";
import { processCpuUs } from "../host/cgroup/proc.ts";
import { withShare } from "../host/cgroup/with-share.ts";
import { bootArguments } from "./command-line.ts";
import type { Confined, Confinement } from "../host/qemu/confinement.ts";
import type { BootImage, MachineShape } from "./guest-kernel.ts";
import { createMemoryFile } from "../../base/libc/libc.ts";
import { type QemuProcess, startQemuProcess } from "./qemu-process.ts";

export interface BootOptions {
  image: BootImage;
  shape: MachineShape;
  tscKhz: number;
  confinement: Confinement;
  clock: Clock;
  deadlineMs: number;
  /** Called at the end of the boot with the CPU time that it took, in microseconds: no app pays for a boot. */
  onCpuUsed?: ((cpuUs: number) => void) | undefined;
}

export interface Booted {
  qemu: QemuProcess;
  confined: Confined;
  host: HostEnd;
  /** The memory file's descriptor, which the caller must close. */
  memory: number;
}

const LAST_WORDS_MS = 500;

/** A boot that did not reach its agent. */
export class BootFailure extends Error {
  /** The last lines that QEMU and the guest printed. */
  readonly output: readonly string[];

  constructor(detail: string, output: readonly string[]) {
    super(detail);
    this.output = output;
  }

  /** The message for the operator, with the output: no app's code was in the guest. */
  get withOutput(): string {
    return `${this.message}; last output: ${this.output.join(" | ") || "none"}`;
  }
}

/** Runs `use` with a guest whose agent is ready, and kills it afterwards. If anything fails, the memory file is closed. */
export function withBootedGuest<T>(options: BootOptions, use: (booted: Booted) => Promise<T>): Promise<T> {
  return withShare("templates", (join) => bootGuest(options, join, use));
}

async function bootGuest<T>(options: BootOptions, join: (pid: number) => void, use: (booted: Booted) => Promise<T>): Promise<T> {
  const { shape, image } = options;
  const confined = options.confinement.take();
  const memory = createMemoryFile("mayfly-template");
  const files = openFiles(image);
  let qemu: QemuProcess | undefined;
  try {
    fs.ftruncateSync(memory, shape.memoryMb * 1_048_576);
    const args = bootArguments(shape, "mayfly-boot", options.tscKhz, files.initrd !== undefined);
    qemu = startQemuProcess(confined, args, { memory, ...files }, options.clock);
    join(qemu.pid);
    const ended = failOnExit(qemu, shape);
    const used = useGuest(options, { qemu, confined, memory }, use);
    return await Promise.race([used.catch((error) => preferring(ended, options.clock, error)), ended]);
  } catch (error) {
    fs.closeSync(memory);
    throw error;
  } finally {
    if (qemu !== undefined) options.onCpuUsed?.(processCpuUs(qemu.pid));
    qemu?.kill();
    await qemu?.exited;
    for (const fd of Object.values(files)) fs.closeSync(fd);
    confined.release();
  }
}

async function useGuest<T>(options: BootOptions, guest: Omit<Booted, "host">, use: (booted: Booted) => Promise<T>): Promise<T> {
  const { qemu } = guest;
  const { host, dead } = openHost(qemu, options.shape);
  const ready = Promise.all([qemu.qmp.command("qmp_capabilities"), host.resume(options.clock.wall(), randomBytes(64), "template", true)]);
  const late = `the guest did not report within ${options.deadlineMs} ms`;
  await within(options.clock, options.deadlineMs, () => new BootFailure(late, printed(qemu, options.shape)), Promise.race([ready, dead]));
  return Promise.race([use({ ...guest, host }), dead]);
}

function openHost(qemu: QemuProcess, shape: MachineShape): { host: HostEnd; dead: Promise<never> } {
  const { promise: dead, reject } = Promise.withResolvers<never>();
  dead.catch(() => undefined); // nobody may be waiting for it any more
  const refuse = () => Promise.reject(new Error("a template has no network"));
  const host = openHostEnd(qemu.channel, {
    log: () => undefined,
    stats: () => undefined,
    connect: refuse,
    resolve: refuse,
    dead: (reason) => reject(new BootFailure(reason, printed(qemu, shape))),
  });
  return { host, dead };
}

function printed({ stderr, console }: QemuProcess, { guest }: MachineShape): string[] {
  // What the agent said before its end would be far above a kernel's list of calls.
  const own = guest.endOf(console.text()).output.slice(-8);
  return [...new Set([...stderr.lastLines(4), ...own, ...console.lastLines(8, guest.noise)])];
}

async function failOnExit(qemu: QemuProcess, shape: MachineShape): Promise<never> {
  const { code, signal } = await qemu.exited;
  const ofQemu = signal === null ? `QEMU ended with code ${code}` : `QEMU ended by ${signal}`;
  const full = shape.guest.endOf(qemu.console.text()).reason === "out-of-memory";
  throw new BootFailure(
    full ? `its ${shape.memoryMb} MB of memory were full: raise memoryMb in mayfly.json` : ofQemu,
    printed(qemu, shape),
  );
}

/** The end of a QEMU also ends its channel and its monitor. Their errors say less of the reason than QEMU's own output, so its exit is waited for. */
async function preferring(ended: Promise<never>, clock: Clock, error: unknown): Promise<never> {
  await Promise.race([ended, new Promise<void>((resolve) => void clock.after(LAST_WORDS_MS, resolve))]);
  throw error;
}

function openFiles({ root, kernel, initrd }: BootImage) {
  const opened: { root: number; kernel: number; initrd?: number } = { root: fs.openSync(root, "r"), kernel: fs.openSync(kernel, "r") };
  if (initrd !== undefined) opened.initrd = fs.openSync(initrd, "r");
  return opened;
}
