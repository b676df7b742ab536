/**
 * KVM or TCG. The presence of /dev/kvm proves nothing: there are hosts where it opens, and then every ordinary guest hangs. So a real guest is booted once
 * under a deadline, and the verdict remembered until the host changes.
 */
import { createHash } from "node:crypto";
import fs from "node:fs";

import { verdictOf } from "../verdicts.ts";
import type { HostFacts } from "./host-facts.ts";

export type Accelerator = "kvm" | "tcg";

export interface KvmVerdict {
  accelerator: Accelerator;
  /** The reason, as the end of a sentence. */
  why: string;
}

export interface KvmTrial {
  cacheDir: string;
  facts: HostFacts;
  /** The file of the guest's kernel, because one may work where another hangs. */
  kernel: string;
  /** Boots that kernel with KVM; rejects where that fails or takes too long. */
  boot: () => Promise<void>;
  device?: string;
}

export async function chooseAccelerator({ cacheDir, facts, kernel, boot, device = "/dev/kvm" }: KvmTrial): Promise<KvmVerdict> {
  const refusal = refusalOf(device);
  if (refusal !== undefined) return { accelerator: "tcg", why: refusal };
  const { kernelRelease, qemuVersion, qemuBuild, cpuModel } = facts;
  const guest = createHash("sha256").update(fs.readFileSync(kernel)).digest("hex");
  const attempt = () =>
    boot().then(
      (): KvmVerdict => ({ accelerator: "kvm", why: "a trial boot reached its agent" }),
      (error: Error): KvmVerdict => ({ accelerator: "tcg", why: `/dev/kvm opens, but a trial boot failed: ${error.message}` }),
    );
  return verdictOf({ cacheDir, kind: "kvm", facts: { kernelRelease, qemuVersion, qemuBuild, cpuModel, guest }, attempt });
}

function refusalOf(device: string): string | undefined {
  try {
    fs.closeSync(fs.openSync(device, "r+"));
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === "ENOENT" ? `this host has no ${device}` : `${device} can't be opened (${code})`;
  }
}
