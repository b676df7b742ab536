/** Finds out what this host has and lacks, as data that `mayfly doctor` prints. It changes nothing. */
import { checkCgroups } from "./check-cgroups.ts";
import { checkDisk, checkKvm, checkMemory, checkReserves } from "./check-host.ts";
import { checkPort } from "./check-port.ts";
import { checkErofs, checkNode, checkNpmPackages, checkQemu, checkQemuImg, checkRunsc } from "./check-programs.ts";
import type { Finding } from "./finding.ts";

export interface DoctorOptions {
  stateDir: string;
  cacheDir: string;
  /** host:port, as in the settings. */
  listen: string;
  api: string;
}

const MB = 1 << 20;

export async function doctor({ stateDir, cacheDir, listen, api }: DoctorOptions): Promise<Finding[]> {
  return [
    ...(await doctorInside({ stateDir, cacheDir })),
    await checkPort("port for functions", "listen", listen),
    await checkPort("port for the API", "api", api),
  ];
}

/** What a running server can find out of its own host: its ports are its own, and its driver has been tried. */
export async function doctorInside({ stateDir, cacheDir }: Pick<DoctorOptions, "stateDir" | "cacheDir">): Promise<Finding[]> {
  return [
    checkNode(),
    checkNpmPackages(),
    await checkQemu(),
    await checkErofs(),
    await checkQemuImg(),
    checkKvm(),
    checkRunsc(cacheDir),
    checkCgroups(),
    checkMemory(1024 * MB),
    await checkDisk("disk for state", stateDir, 256 * MB),
    checkReserves(stateDir),
    // Room for an image in two forms (packed and unpacked), packages, and templates.
    await checkDisk("disk for cache", cacheDir, 2048 * MB),
  ];
}
