/** What this host runs appliances with: found out once, when the first is started. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import type { Clock } from "../base/clock/clock.ts";
import { within } from "../base/clock/within.ts";
import { MayflyError } from "../base/errors/error.ts";
import type { Image } from "../images/image.ts";
import { sweepCgroups } from "../machines/host/cgroup/create-cgroup.ts";
import { withShare } from "../machines/host/cgroup/with-share.ts";
import { spawned } from "../machines/host/spawned.ts";
import { type Accelerator, chooseAccelerator } from "../machines/host/qemu/accelerator.ts";
import { type Confinement, createConfinement } from "../machines/host/qemu/confinement.ts";
import { type HostFacts, readHostFacts } from "../machines/host/qemu/host-facts.ts";

export interface ApplianceHost {
  facts: HostFacts;
  accelerator: Accelerator;
  confinement: Confinement;
}

const KVM_TRIAL_MS = 6_000;

/** @param image whose kernel is tried where there is a /dev/kvm. Rejects with "missing-part". */
export async function openHost(cacheDir: string, runDir: string, image: Image, clock: Clock): Promise<ApplianceHost> {
  const facts = await readHostFacts();
  if (facts === undefined) {
    const cure = "Install it: apt-get install qemu-system-x86";
    throw new MayflyError("missing-part", { part: "QEMU", reason: "appliances are virtual machines, whatever runs the functions", cure });
  }
  await sweepCgroups();
  const { accelerator } = await chooseAccelerator(cacheDir, facts, image.kernel, () => tryKvm(facts, image, clock));
  return { facts, accelerator, confinement: createConfinement(facts, path.join(runDir, "appliances")) };
}

/** The initrd alone, without what it is told, ends at once; and so does QEMU, if the kernel gets that far. */
function tryKvm(facts: HostFacts, image: Image, clock: Clock): Promise<void> {
  return withShare("templates", (join) => bootInitrd(facts, image, clock, join));
}

async function bootInitrd({ qemu }: HostFacts, { kernel, initrd }: Image, clock: Clock, join: (pid: number) => void): Promise<void> {
  const machine = "-nodefaults -no-user-config -display none -no-reboot -M microvm,acpi=on -accel kvm -cpu host -m 256".split(" ");
  const child = spawned(
    spawn(qemu, [...machine, "-kernel", kernel, "-initrd", initrd, "-append", "quiet reboot=t panic=-1"], { stdio: "ignore" }),
  );
  try {
    join(child.pid!);
    const [code] = await within(clock, KVM_TRIAL_MS, "the guest's boot", once(child, "exit"));
    if (code !== 0) throw new Error(`QEMU ended with code ${String(code)}`);
  } finally {
    child.kill("SIGKILL");
  }
}
