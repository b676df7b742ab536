/**
 * KVM or TCG. The presence of /dev/kvm proves nothing: there are hosts where it opens, and then every ordinary guest hangs.
 * So a real guest is booted once under a deadline, and the verdict remembered until the host changes.
 */
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";

import type { HostFacts } from "./host-facts.ts";

export type Accelerator = "kvm" | "tcg";

export interface Verdict {
  accelerator: Accelerator;
  /** Why, as the end of a sentence. */
  why: string;
}

/** @param tryKvm boots the image with KVM; rejects where that fails or takes too long */
export async function chooseAccelerator(
  cacheDir: string,
  facts: HostFacts,
  kernel: string,
  tryKvm: () => Promise<void>,
  device = "/dev/kvm",
): Promise<Verdict> {
  const refusal = refusalOf(device);
  if (refusal !== undefined) return { accelerator: "tcg", why: refusal };
  const file = path.join(cacheDir, "qemu-verdicts", `${verdictKey(facts, kernel)}.json`);
  const known = readVerdict(file);
  if (known !== undefined) return known;
  const verdict = await tryKvm().then(
    (): Verdict => ({ accelerator: "kvm", why: "a trial boot reached its agent" }),
    (error: Error): Verdict => ({ accelerator: "tcg", why: `/dev/kvm opens, but a trial boot failed: ${error.message}` }),
  );
  writeVerdict(file, verdict);
  return verdict;
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

function verdictKey(facts: HostFacts, kernel: string): string {
  const { kernelRelease, qemuVersion, qemuBuild, cpuModel } = facts;
  const guest = createHash("sha256").update(fs.readFileSync(kernel)).digest("hex");
  return createHash("sha256").update(JSON.stringify({ kernelRelease, qemuVersion, qemuBuild, cpuModel, guest })).digest("hex");
}

function readVerdict(file: string): Verdict | undefined {
  try {
    return JSON.parse(fs.readFileSync(file, "utf8")) as Verdict;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT" || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function writeVerdict(file: string, verdict: Verdict): void {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(`${file}.${process.pid}`, JSON.stringify(verdict));
  fs.renameSync(`${file}.${process.pid}`, file);
}
