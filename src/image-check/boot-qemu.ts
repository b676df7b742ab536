/**
 * One boot of an image in a QEMU of its own, in software emulation, so that a check needs nothing else of the host and says the same everywhere. It is
 * confined as all machines are, because an image may be anybody's. The guest has no network but its channel, and nothing is kept.
 */
import { closeSync, openSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import type { Image } from "../images/image.ts";
import { guarded } from "../base/errors/guarded.ts";
import type { Confined } from "../machines/host/qemu/confinement.ts";
import { createQemuHost } from "../machines/host/qemu/qemu-host.ts";
import { spawnQemu } from "../machines/host/qemu/spawn.ts";
import { channelWords, diskWords, linuxLine, microvm } from "../machines/host/qemu/words.ts";
import type { CheckOptions } from "./answer.ts";

export interface Boot {
  image: Pick<Image, "kernel" | "root">;
  initrd: string;
  options: Pick<CheckOptions, "memoryMb" | "uids">;
  /** Words for the kernel's command line, beside those of every boot. */
  kernelOptions: string;
  /** QEMU's root folder is made in it. */
  folder: string;
}

export interface Booted {
  /** The end of what is on the console. Resolves when nothing of QEMU is left. */
  console: Promise<string>;
  /** The other end of the guest's channel. */
  channel: Socket;
  kill: () => void;
}

/** The numbers under which QEMU finds what it inherits. */
const Fd = { Channel: 3, Root: 4, Kernel: 5, Initrd: 6 } as const;
/** Bytes of a console that are kept at least: its guest may print without end. */
const MOST_PRINTED = 16 << 20;

/** Rejects with "missing-part" where there is no QEMU. */
export async function bootQemu(boot: Boot): Promise<Booted> {
  const host = createQemuHost({ cacheDir: boot.folder, jailDir: join(boot.folder, "confined"), uids: boot.options.uids });
  const { facts, confinement } = await host.open();
  const confined = confinement.take();
  const files = [boot.image.root, boot.image.kernel, boot.initrd].map((path) => openSync(path, "r"));
  const child = startQemu(confined, argumentsOf(boot, facts.tscKhz), files);
  const printed = collect([child.stdout!, child.stderr!]);
  const channel = child.stdio[Fd.Channel] as Socket;
  channel.on("error", () => undefined); // "close" follows, on which its reader acts
  const ended = new Promise<void>((resolve) => void child.on("exit", () => resolve())).finally(async () => {
    channel.destroy();
    confined.release();
    await host.close();
  });
  const console = Promise.all([ended, printed]).then(([, text]) => text.replaceAll("\r\n", "\n"));
  return { console, channel, kill: () => child.kill("SIGKILL") };
}

/** @param files descriptors of the image's files, which are closed here */
function startQemu(confined: Confined, args: string[], files: number[]) {
  try {
    return spawnQemu(confined, args, ["ignore", "pipe", "pipe", "pipe", ...files]);
  } finally {
    for (const file of files) closeSync(file);
  }
}

/** Keeps the end: results are printed one by one, and the last lines tell why there are no more. */
async function collect(streams: NodeJS.ReadableStream[]): Promise<string> {
  let chunks: Buffer[] = [];
  let bytes = 0;
  const add = (chunk: Buffer) => {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes <= 2 * MOST_PRINTED) return;
    chunks = [Buffer.concat(chunks).subarray(-MOST_PRINTED)];
    bytes = MOST_PRINTED;
  };
  const stop = () => streams.forEach((stream) => stream.pause());
  for (const stream of streams) stream.on("data", guarded(add, stop));
  await Promise.all(streams.map((stream) => new Promise<void>((resolve) => void stream.on("close", resolve))));
  return Buffer.concat(chunks).toString();
}

function argumentsOf({ options, kernelOptions }: Boot, tscKhz: number): string[] {
  const { bus } = microvm;
  const devices = [channelWords(Fd.Channel, bus), diskWords({ fd: Fd.Root, set: 1, node: "root", serial: "root", bus })];
  const machine = { name: "mayfly-check", accelerator: "tcg" as const, memoryMb: options.memoryMb, vcpus: 1 };
  return linuxLine({ ...machine, devices, kernelFd: Fd.Kernel, initrdFd: Fd.Initrd, tscKhz, kernelOptions });
}
