/**
 * What this host gives to every QEMU that one process of Mayfly starts, for whatever purpose. It is found out at the first use and shared
 * by the driver, appliances and image checks.
 *
 * Owns the jail's folder, which close() removes.
 */
import { MayflyError } from "../../../base/errors/error.ts";
import type { Uids } from "../../../base/uids/uids.ts";
import { chooseAccelerator, type KvmVerdict } from "./accelerator.ts";
import { type Confinement, createConfinement } from "./confinement.ts";
import { type HostFacts, readHostFacts } from "./host-facts.ts";

export interface QemuHostOptions {
  /** The folder in which verdicts of trials are kept. */
  cacheDir: string;
  /** The folder in which the root folder of confined QEMUs is made, of hard links. Programs must be executable there. */
  jailDir: string;
  uids: Uids;
  /** The root folder that QEMU is taken from; the host's own where absent. */
  qemuRoot?: string | undefined;
}

export interface OpenQemuHost {
  facts: HostFacts;
  confinement: Confinement;
  /**
   * KVM or TCG for guests of a kernel.
   *
   * @param kernel its file
   * @param boot boots it with KVM; called where no verdict is known. Rejects where that fails or takes too long
   */
  accelerator(kernel: string, boot: () => Promise<void>): Promise<KvmVerdict>;
}

export interface QemuHost {
  /** Rejects with "missing-part" where there is no QEMU, or it cannot be confined; a later call tries again. */
  open(): Promise<OpenQemuHost>;
  /** Must be called when no QEMU that it confined lives any more. It may be opened again. */
  close(): Promise<void>;
}

export function createQemuHost(options: QemuHostOptions): QemuHost {
  let opening: Promise<OpenQemuHost> | undefined;
  return {
    open() {
      opening ??= openHost(options).catch((error: unknown) => {
        opening = undefined;
        throw error;
      });
      return opening;
    },
    async close() {
      const opened = await opening?.catch(() => undefined);
      opening = undefined;
      opened?.confinement.remove();
    },
  };
}

const CURE = "Install it: apt-get install --no-install-recommends qemu-system-x86 (or let `mayfly demo` do so).";

async function openHost({ cacheDir, jailDir, uids, qemuRoot }: QemuHostOptions): Promise<OpenQemuHost> {
  const facts = await readHostFacts(qemuRoot);
  if (facts === undefined) throw new MayflyError("missing-part", { part: "QEMU", reason: "there is no qemu-system-x86_64", cure: CURE });
  return {
    facts,
    confinement: createConfinement(facts, jailDir, uids),
    accelerator: (kernel, boot) => chooseAccelerator({ cacheDir, facts, kernel, boot }),
  };
}
