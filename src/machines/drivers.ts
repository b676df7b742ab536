/** Which driver runs the machines. Only the chosen one's code is loaded. */
import type { Clock } from "../base/clock/clock.ts";
import { MayflyError } from "../base/errors/error.ts";
import { ensureAgent } from "../images/agent-bundle.ts";
import { damageOf } from "../images/damage.ts";
import { type Image, ensureImage } from "../images/ensure-image.ts";
import { damageOfOsv, ensureOsvImage } from "../images/osv/ensure-osv-image.ts";
import type { OsvImage } from "../images/osv/osv-image.ts";
import type { Driver, DriverName } from "./driver.ts";

/** The fake driver is for tests of other rooms. */
export const selectableDrivers: SelectableDriver[] = ["qemu", "gvisor", "process"];
export type SelectableDriver = Exclude<DriverName, "fake">;

export interface DriverSurroundings {
  cacheDir: string;
  /** For what exists only while the driver does; of one server alone. Programs may not be executable there. */
  runDir: string;
  /** For QEMU's root folder, which is made once; where programs are executable. Default: `runDir`. */
  jailDir?: string;
  clock: Clock;
  progress: (step: string) => void;
  /** Told of what a driver had to mend by itself: a sentence. As progress where absent. */
  warn?: (text: string) => void;
  /** What runs in the machines: only the driver qemu has a choice. Default: linux. */
  kernel?: GuestKernelName;
  /** OSv's, as the user named it. */
  osvKernel?: string | undefined;
  /** Told of CPU that was spent on no machine of anybody's, such as a template's boot: microseconds. */
  onCpuUsed?: (cpuUs: number) => void;
}

export type GuestKernelName = "linux" | "osv";

export interface ChosenDriver {
  driver: Driver;
  /** What was chosen, why, and what else there is, in one line. */
  detail: string;
}

/** Throws "missing-part" where the driver cannot run here: another is taken only when asked for by name. */
export async function chooseDriver(setting: "auto" | SelectableDriver, surroundings: DriverSurroundings): Promise<ChosenDriver> {
  const name = setting === "auto" ? "qemu" : setting;
  const images = imagesFor(name, surroundings);
  const driver = await driverOf(name, surroundings, images);
  // An image that is still to be built would take longer than a probe may.
  if (name !== "process") await images.guest();
  const probe = await driver.probe();
  if (probe.ok) return { driver, detail: `${name} (${setting === "auto" ? "the default" : "as asked"}), ${probe.detail}; ${others(name)}` };
  await driver.close();
  const { reason, cure } = probe;
  throw new MayflyError("missing-part", { part: `what the driver ${name} needs`, reason, cure: `${cure} Or: ${others(name)}.` });
}

export function createDriver(name: SelectableDriver, surroundings: DriverSurroundings): Promise<Driver> {
  return driverOf(name, surroundings, imagesFor(name, surroundings));
}

async function driverOf(name: SelectableDriver, surroundings: DriverSurroundings, images: Images): Promise<Driver> {
  const { cacheDir, runDir, kernel = "linux" } = surroundings;
  if (name === "qemu") return createQemu(surroundings, kernel, images);
  if (kernel !== "linux")
    throw new MayflyError("bad-config", { key: "kernel", what: `is ${kernel}, which only the driver qemu runs, not ${name}` });
  if (name === "gvisor") return (await import("./gvisor/gvisor-driver.ts")).createGvisorDriver({ image: images.linux, cacheDir, runDir });
  return (await import("./process/process-driver.ts")).createProcessDriver({ agent: () => ensureAgent(cacheDir), runDir });
}

async function createQemu(surroundings: DriverSurroundings, kernel: GuestKernelName, images: Images): Promise<Driver> {
  const { createQemuDriver } = await import("./qemu/qemu-driver.ts");
  const guest = kernel === "osv" ? (await import("./qemu/osv.ts")).osv : (await import("./qemu/linux.ts")).linux;
  const { jailDir = surroundings.runDir } = surroundings;
  return createQemuDriver({
    warn: surroundings.progress,
    ...surroundings,
    runDir: jailDir,
    guest,
    image: images.guest,
    damageOf: async (image) => {
      const damage = await images.damageOf(image);
      if (damage !== undefined) images.forget();
      return damage;
    },
  });
}

/** Each is built, or read whole to see that it is sound, when it is first asked for. */
interface Images {
  linux: () => Promise<Image>;
  /** What the guests' kernel starts from. */
  guest: () => Promise<Image | OsvImage>;
  damageOf: (image: { root: string }) => Promise<string | undefined>;
  /** They are looked at, and built where need be, when they are asked for again. */
  forget: () => void;
}

function imagesFor(name: SelectableDriver, { cacheDir, progress, kernel, osvKernel }: DriverSurroundings): Images {
  const linux = once(() => ensureImage({ cacheDir, progress, tree: name === "gvisor" }));
  const osv = once(() => ensureOsvImage({ cacheDir, progress, osvKernel }));
  const forget = () => [linux, osv].forEach((one) => one.forget());
  // The root may be the same file under another name.
  if (kernel === "osv") return { linux, guest: osv, damageOf: async ({ root }) => damageOfOsv({ ...(await osv()), root }), forget };
  return { linux, guest: linux, damageOf: async ({ root }) => damageOf({ ...(await linux()), root }), forget };
}

const characters: Record<SelectableDriver, string> = {
  qemu: "qemu (real VMs)",
  gvisor: "gvisor (sandboxes, near native speed without KVM)",
  process: "process (no isolation)",
};

function others(chosen: SelectableDriver): string {
  const rest = selectableDrivers.filter((name) => name !== chosen);
  return `by name (--driver) there is also ${rest.map((name) => characters[name]).join(" and ")}`;
}

/** One build, however many ask; a failed one is tried again. */
function once<T>(make: () => Promise<T>): (() => Promise<T>) & { forget: () => void } {
  let made: Promise<T> | undefined;
  const get = () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
  return Object.assign(get, { forget: () => void (made = undefined) });
}
