/**
 * One boot of an image in a QEMU of its own, in software emulation, so that a check needs nothing else of the host and says the same
 * everywhere. Confined as all machines are, as an image may be anybody's. Without a network but the channel; nothing is kept.
 */
import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import type { Image } from "../images/image.ts";
import { MayflyError } from "../base/errors/error.ts";
import { guarded } from "../base/errors/guarded.ts";
import { createConfinement } from "../machines/host/qemu/confinement.ts";
import { readHostFacts } from "../machines/host/qemu/host-facts.ts";

export interface Boot {
  image: Pick<Image, "kernel" | "root">;
  initrd: string;
  memoryMb: number;
  /** On top of what every boot has. */
  kernelOptions: string;
  /** Whose root folder for QEMU is made here. */
  folder: string;
}

export interface Booted {
  /** What is on the console, the last of it; resolves when QEMU has ended, and nothing of it is left. */
  console: Promise<string>;
  /** What the guest finds at 10.0.2.100:1. */
  channel: Socket;
  kill: () => void;
}

/** Where QEMU finds what it inherits. */
const Fd = { Channel: 3, Root: 4, Kernel: 5, Initrd: 6 } as const;
/** Of a console, whose guest may print without end. */
const MOST_PRINTED = 16 << 20;

/** Rejects with "missing-part" where there is no QEMU. */
export async function bootQemu(boot: Boot): Promise<Booted> {
  const facts = await readHostFacts();
  if (facts === undefined) {
    const cure = "Install it as root: apt-get install --no-install-recommends qemu-system-x86";
    throw new MayflyError("missing-part", { part: "qemu-system-x86", reason: "there is no program qemu-system-x86_64", cure });
  }
  const confinement = createConfinement(facts, join(boot.folder, "confined"));
  const confined = confinement.take();
  const files = [boot.image.root, boot.image.kernel, boot.initrd].map((path) => openSync(path, "r"));
  const [program, ...before] = confined.command as [string, ...string[]];
  const child = spawn(program, [...before, ...argumentsOf(boot, facts.tscKhz)], {
    cwd: "/",
    env: {},
    stdio: ["ignore", "pipe", "pipe", "pipe", ...files],
  });
  for (const file of files) closeSync(file);
  const printed = collect([child.stdout!, child.stderr!]);
  const channel = child.stdio[Fd.Channel] as Socket;
  channel.on("error", () => undefined); // "close" follows, and is what its reader acts on
  const ended = new Promise<void>((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", () => resolve());
  }).finally(() => {
    channel.destroy();
    confined.release();
    confinement.remove();
  });
  const console = Promise.all([ended, printed]).then(([, text]) => text.replaceAll("\r\n", "\n"));
  return { console, channel, kill: () => child.kill("SIGKILL") };
}

/** What comes last counts: results are printed one by one, and the end tells why there are no more. */
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

function argumentsOf({ memoryMb, kernelOptions }: Boot, tscKhz: number): string[] {
  const options = `-M microvm,acpi=on,pcie=off,pit=off,pic=off,rtc=on -accel tcg,thread=multi -cpu max -m ${memoryMb} -nodefaults -no-user-config
    -display none -no-reboot -chardev socket,id=c0,fd=${Fd.Channel} -netdev user,id=u,restrict=on,ipv6=off,guestfwd=tcp:10.0.2.100:1-chardev:c0
    -device virtio-net-device,netdev=u -add-fd fd=${Fd.Root},set=1
    -blockdev driver=raw,node-name=root,read-only=on,file.driver=file,file.filename=/dev/fdset/1,file.locking=off
    -device virtio-blk-device,drive=root,serial=root -device virtio-rng-device -chardev stdio,id=con,signal=off -serial chardev:con
    -kernel /proc/self/fd/${Fd.Kernel} -initrd /proc/self/fd/${Fd.Initrd}
    -sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny`;
  // tsc_early_khz: without it the kernel times the TSC against emulated timers, and hangs in that where the host is busy.
  const append = `console=ttyS0 quiet reboot=t panic=-1 tsc=reliable random.trust_cpu=on tsc_early_khz=${tscKhz} ${kernelOptions}`;
  return [...options.split(/\s+/), "-append", append];
}
