/** Which driver runs the machines. Only the chosen one's code is loaded. */
import type { Clock } from "../clock/clock.ts";
import { MayflyError } from "../errors/error.ts";
import { ensureAgent } from "../images/agent-bundle.ts";
import { type Image, ensureImage } from "../images/ensure-image.ts";
import type { Driver, DriverName } from "./driver.ts";

/** The fake driver is for tests of other rooms. */
export const selectableDrivers: SelectableDriver[] = ["qemu", "gvisor", "process"];
export type SelectableDriver = Exclude<DriverName, "fake">;

export interface DriverSurroundings {
  cacheDir: string;
  /** For what exists only while the driver does; of one server alone. */
  runDir: string;
  clock: Clock;
  progress: (step: string) => void;
}

export interface ChosenDriver {
  driver: Driver;
  /** What was chosen, why, and what else there is, in one line. */
  detail: string;
}

/** Throws "missing-part" where the driver cannot run here: another is taken only when asked for by name. */
export async function chooseDriver(setting: "auto" | SelectableDriver, surroundings: DriverSurroundings): Promise<ChosenDriver> {
  const name = setting === "auto" ? "qemu" : setting;
  const driver = await createDriver(name, surroundings);
  // An image that is still to be built would take longer than a probe may.
  if (name !== "process") await ensureImage(surroundings);
  const probe = await driver.probe();
  if (probe.ok) return { driver, detail: `${name} (${setting === "auto" ? "the default" : "as asked"}), ${probe.detail}; ${others(name)}` };
  await driver.close();
  const { reason, cure } = probe;
  throw new MayflyError("missing-part", { part: `what the driver ${name} needs`, reason, cure: `${cure} Or: ${others(name)}.` });
}

export async function createDriver(name: SelectableDriver, surroundings: DriverSurroundings): Promise<Driver> {
  const { cacheDir, runDir, clock, progress } = surroundings;
  const image = once(() => ensureImage({ cacheDir, progress }));
  if (name === "qemu") return (await import("./qemu/qemu-driver.ts")).createQemuDriver({ image, cacheDir, runDir, clock });
  if (name === "gvisor") return (await import("./gvisor/gvisor-driver.ts")).createGvisorDriver({ image, cacheDir, runDir });
  return (await import("./process/process-driver.ts")).createProcessDriver({ agent: () => ensureAgent(cacheDir), runDir });
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
function once(make: () => Promise<Image>): () => Promise<Image> {
  let made: Promise<Image> | undefined;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}
