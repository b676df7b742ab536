/** The facts of this host that a template and the choice of accelerator depend on. */
import { execFile } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";

import { hostCommand } from "../../../images/debian/program-root.ts";

const run = promisify(execFile);

export interface HostFacts {
  /** The root folder that QEMU, its libraries and firmware are taken from: "/", or one of unpacked packages. */
  root: string;
  /** Path of QEMU's binary in that root, symbolic links resolved. */
  qemu: string;
  /** For example "7.2.22". */
  qemuVersion: string;
  /** Size and time of the binary: a rebuilt package of the same version has others. */
  qemuBuild: string;
  kernelRelease: string;
  cpuModel: string;
  cpuFlags: string;
  tscKhz: number;
}

/** Debian's qemu-system-x86_64-microvm is not among them, because it is built without user networking and without the filter of system calls. */
const PLACES = ["/usr/bin/qemu-system-x86_64", "/usr/local/bin/qemu-system-x86_64"];

/** Undefined if there is no QEMU. */
export async function readHostFacts(root = "/"): Promise<HostFacts | undefined> {
  const found = PLACES.find((place) => fs.existsSync(path.join(root, place)));
  if (found === undefined) return undefined;
  const qemu = root === "/" ? fs.realpathSync(found) : found;
  const [program, ...before] = root === "/" ? [qemu] : await hostCommand(root, qemu);
  const { stdout } = await run(program, [...before, "--version"], { timeout: 10_000 });
  const { size, mtimeMs } = fs.statSync(path.join(root, qemu));
  const cpuinfo = fs.readFileSync("/proc/cpuinfo", "utf8");
  return {
    root,
    qemu,
    qemuVersion: /version ([\d.]+)/.exec(stdout)?.[1] ?? stdout.trim(),
    qemuBuild: `${size}-${mtimeMs}`,
    kernelRelease: os.release(),
    cpuModel: field(cpuinfo, "model name"),
    cpuFlags: field(cpuinfo, "flags"),
    tscKhz: tscKhz(cpuinfo),
  };
}

/**
 * The rate in kHz. The kernel derives BogoMIPS from the TSC's frequency and shows it in every container, unlike its log. "cpu MHz" would be
 * the momentary frequency of the core.
 */
function tscKhz(cpuinfo: string): number {
  return Math.round((Number(field(cpuinfo, "bogomips")) / 2) * 1_000);
}

function field(cpuinfo: string, name: string): string {
  return new RegExp(`^${name}\\s*: (.*)$`, "m").exec(cpuinfo)?.[1] ?? "";
}
