/** What this host gives to an appliance's machine. */
import { once } from "node:events";
import fs from "node:fs";
import type { Clock } from "../base/clock/clock.ts";
import { within } from "../base/clock/within.ts";
import type { Image } from "../images/image.ts";
import { sweepCgroups } from "../machines/host/cgroup/create-cgroup.ts";
import { withShare } from "../machines/host/cgroup/with-share.ts";
import type { Accelerator } from "../machines/host/qemu/accelerator.ts";
import type { Confined, Confinement } from "../machines/host/qemu/confinement.ts";
import type { HostFacts } from "../machines/host/qemu/host-facts.ts";
import type { QemuHost } from "../machines/host/qemu/qemu-host.ts";
import { spawnQemu } from "../machines/host/qemu/spawn.ts";
import { kernelWords, lineOf, linuxOptions, machineWords, microvm, sandboxWords } from "../machines/host/qemu/words.ts";

export interface ApplianceHost {
  facts: HostFacts;
  accelerator: Accelerator;
  confinement: Confinement;
}

const KVM_TRIAL_MS = 6_000;

/** Rejects with "missing-part". @param image its kernel is tried with KVM, if this host has KVM and it is not known yet whether it works */
export async function openHost(qemuHost: QemuHost, image: Image, clock: Clock): Promise<ApplianceHost> {
  const opened = await qemuHost.open();
  const { facts, confinement } = opened;
  await sweepCgroups();
  const { accelerator } = await opened.accelerator(image.kernel, () => tryKvm({ facts, confinement }, image, clock));
  return { facts, accelerator, confinement };
}

/** Boots the image's initrd without the part that tells it what to run. The guest then ends at once, and QEMU with it, if the kernel gets that far. */
function tryKvm({ facts, confinement }: Omit<ApplianceHost, "accelerator">, image: Image, clock: Clock): Promise<void> {
  return withShare("templates", async (join) => {
    const confined = confinement.take();
    try {
      await bootInitrd(confined, facts.tscKhz, image, clock, join);
    } finally {
      confined.release();
    }
  });
}

const Fd = { Kernel: 3, Initrd: 4 } as const;

async function bootInitrd(confined: Confined, tscKhz: number, image: Image, clock: Clock, join: (pid: number) => void): Promise<void> {
  const machine = { name: "mayfly-trial", machine: microvm.machine, accelerator: "kvm", memoryMb: 256, vcpus: 1 } as const;
  const line = lineOf(machineWords(machine), kernelWords(Fd.Kernel, Fd.Initrd), sandboxWords);
  const files = [image.kernel, image.initrd].map((file) => fs.openSync(file, "r"));
  try {
    const child = spawnQemu(confined, [...line, "-append", linuxOptions(tscKhz)], ["ignore", "ignore", "ignore", ...files]);
    const exit = once(child, "exit");
    try {
      join(child.pid);
      const [code] = await within(clock, KVM_TRIAL_MS, "the guest's boot", exit);
      if (code !== 0) throw new Error(`QEMU ended with code ${String(code)}`);
    } finally {
      child.kill("SIGKILL");
      await exit;
    }
  } finally {
    for (const file of files) fs.closeSync(file);
  }
}
