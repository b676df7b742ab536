/**
 * One boot of an image in a QEMU of its own, in software emulation, so that a check needs nothing else of the host and says the same
 * everywhere. Without a network but the channel; nothing is kept.
 */
import { spawn } from "node:child_process";
import type { Image } from "../images/image.ts";
import { MayflyError } from "../errors/error.ts";
import { readHostFacts } from "../machines/qemu/host-facts.ts";

export interface Boot {
  image: Pick<Image, "kernel" | "root">;
  initrd: string;
  memoryMb: number;
  /** On top of what every boot has. */
  kernelOptions: string;
  /** A Unix socket that listens: what the guest finds at 10.0.2.100:1. */
  channel?: string;
}

export interface Booted {
  /** What is on the console; resolves when QEMU has ended. */
  console: Promise<string>;
  kill: () => void;
}

/** Rejects with "missing-part" where there is no QEMU. */
export async function bootQemu(boot: Boot): Promise<Booted> {
  const facts = await readHostFacts();
  if (facts === undefined) {
    const cure = "Install it as root: apt-get install --no-install-recommends qemu-system-x86";
    throw new MayflyError("missing-part", { part: "qemu-system-x86", reason: "there is no program qemu-system-x86_64", cure });
  }
  const child = spawn(facts.qemu, argumentsOf(boot, facts.tscKhz), { stdio: ["ignore", "pipe", "pipe"] });
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  const console = new Promise<string>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", () => resolve(Buffer.concat(chunks).toString().replaceAll("\r\n", "\n")));
  });
  return { console, kill: () => child.kill("SIGKILL") };
}

function argumentsOf({ image, initrd, memoryMb, kernelOptions, channel }: Boot, tscKhz: number): string[] {
  const netdev = channel === undefined ? "" : `-chardev socket,id=c0,path=${channel}`;
  const forward = channel === undefined ? "" : ",guestfwd=tcp:10.0.2.100:1-chardev:c0";
  const options = `-M microvm,acpi=on,pcie=off,pit=off,pic=off,rtc=on -accel tcg,thread=multi -cpu max -m ${memoryMb} -nodefaults -no-user-config
    -display none -no-reboot ${netdev} -netdev user,id=u,restrict=on,ipv6=off${forward} -device virtio-net-device,netdev=u
    -blockdev driver=raw,node-name=root,read-only=on,file.driver=file,file.filename=${image.root},file.locking=off
    -device virtio-blk-device,drive=root,serial=root -device virtio-rng-device -serial stdio -kernel ${image.kernel} -initrd ${initrd}`;
  // tsc_early_khz: without it the kernel times the TSC against emulated timers, and hangs in that where the host is busy.
  const append = `console=ttyS0 quiet reboot=t panic=-1 tsc=reliable random.trust_cpu=on tsc_early_khz=${tscKhz} ${kernelOptions}`;
  return [...options.split(/\s+/), "-append", append];
}
