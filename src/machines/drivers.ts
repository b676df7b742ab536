/** Chooses the driver that runs the machines. Only the chosen driver's code is loaded. */
import type { Clock } from "../base/clock/clock.ts";
import { MayflyError } from "../base/errors/error.ts";
import { ensureAgent } from "../images/agent-bundle.ts";
import { damageOf } from "../images/damage.ts";
import { fetchDebugpy } from "../images/fetch-debugpy.ts";
import { ensureImage } from "../images/ensure-image.ts";
import { damageOfOsv, ensureOsvImage } from "../images/osv/ensure-osv-image.ts";
import type { Driver, DriverName } from "./driver.ts";
import { type AgentName, agents, type GuestKernelName, type RuntimeName, runtimes, usualRuntime } from "../base/kind/machine-kind.ts";
import { ensureJavaAgent } from "../images/java/agent-jar.ts";
import { fetchJava } from "../images/java/java-runtime.ts";
import type { AgentProgram } from "./process/agent-program.ts";
import type { Uids } from "../base/uids/uids.ts";
import type { QemuHost } from "./host/qemu/qemu-host.ts";
import type { BootImage, GuestKernel } from "./qemu/guest-kernel.ts";
import type { GuestSource } from "./qemu/stock.ts";
import { remember, rememberEach } from "./remember.ts";

/** The fake driver is for tests of other rooms. */
export const selectableDrivers: SelectableDriver[] = ["qemu", "gvisor", "process"];
export type SelectableDriver = Exclude<DriverName, "fake">;

export interface DriverSurroundings {
  cacheDir: string;
  /** A folder for files that exist only while the driver does, of one server alone. Programs may not be executable there. */
  runDir: string;
  /** The folder of frozen machines of apps, of one server alone. If absent, no machine can be frozen. */
  snapshotDir?: string;
  qemuHost: QemuHost;
  /** Hands out the user ids of programs that are confined while an image is built. */
  uids: Uids;
  clock: Clock;
  progress: (step: string) => void;
  /** Called with a sentence on what a driver had to repair by itself. If absent, `progress` is called instead. */
  warn?: (text: string) => void;
  /** The kernel of machines that do not ask for a particular one. Only the driver qemu has a choice. The default is linux. */
  kernel?: GuestKernelName;
  /** The path of OSv's kernel, as the user named it. */
  osvKernel?: string | undefined;
  /** See ProcessDriverOptions. */
  inspectDir?: string | undefined;
  /** Called with the microseconds of CPU time that were spent on no app's machine, for example on a template's boot. */
  onCpuUsed?: (cpuUs: number) => void;
}

export interface ChosenDriver {
  driver: Driver;
  /** What was chosen, why, and what else this host offers, in one line. */
  detail: string;
}

/** Throws "missing-part" if the driver cannot run here. Another driver is used only if it is asked for by name. */
export async function chooseDriver(setting: "auto" | SelectableDriver, surroundings: DriverSurroundings): Promise<ChosenDriver> {
  const name = driverOf(setting);
  const { driver, ready } = await make(name, surroundings);
  // An image that is still to be built would take longer than a probe may, so it is built first.
  await ready();
  const probe = await driver.probe();
  if (probe.ok) return { driver, detail: `${name} (${setting === "auto" ? "the default" : "as asked"}), ${probe.detail}; ${others(name)}` };
  await driver.close();
  const { reason, cure } = probe;
  throw new MayflyError("missing-part", { part: `what the driver ${name} needs`, reason, cure: `${cure} Or: ${others(name)}.` });
}

/** The driver that the setting means. */
export function driverOf(setting: "auto" | SelectableDriver): SelectableDriver {
  return setting === "auto" ? "qemu" : setting;
}

export async function createDriver(name: SelectableDriver, surroundings: DriverSurroundings): Promise<Driver> {
  return (await make(name, surroundings)).driver;
}

interface Made {
  driver: Driver;
  /** Resolves when the image that its machines start from exists. */
  ready: () => Promise<unknown>;
}

const makers: Record<SelectableDriver, (surroundings: DriverSurroundings) => Promise<Made>> = {
  async qemu(surroundings) {
    const { createQemuDriver } = await import("./qemu/qemu-driver.ts");
    const { linux } = await import("./qemu/linux.ts");
    const { osv } = await import("./qemu/osv.ts");
    const { kernel: asked = "linux", osvKernel } = surroundings;
    // Without its file there are no machines of OSv. Where they are the usual ones all the same, the driver's probe says what is missing.
    const has = { linux: true, osv: asked === "osv" || Boolean(osvKernel) };
    const guests = [
      ...runtimes.map((runtime) => linuxGuest(linux, runtime, surroundings)),
      // The other runtimes are for programs beside the agent, and OSv runs one process.
      ...agents.map((runtime) => osvGuest(osv, runtime, surroundings)),
    ].filter(({ kernel }) => has[kernel.name]);
    const usual = guests.find(({ kernel }) => kernel.name === asked)!;
    const { qemuHost: host, progress, warn = progress, ...rest } = surroundings;
    const driver = createQemuDriver({ ...rest, host, warn, guests: [usual, ...guests.filter((guest) => guest !== usual)] });
    return { driver, ready: usual.image };
  },
  async gvisor({ cacheDir, runDir, uids, progress, inspectDir }) {
    const image = rememberEach((runtime: RuntimeName) => ensureImage({ runtime, cacheDir, uids, progress, tree: true }));
    const { createGvisorDriver } = await import("./gvisor/gvisor-driver.ts");
    return { driver: createGvisorDriver({ image, cacheDir, runDir, inspectDir }), ready: () => image(usualRuntime) };
  },
  async process({ cacheDir, runDir, uids, progress, inspectDir }) {
    const { createProcessDriver } = await import("./process/process-driver.ts");
    const { javaProgram, nodeProgram, pythonCommand, pythonProgram } = await import("./process/agent-program.ts");
    const { launcherFolder } = await import("./process/launcher.ts");
    const pythonImage = () => ensureImage({ runtime: "python", cacheDir, uids, progress, tree: true });
    const nodeBeside = async (folder: Promise<string>) => nodeProgram(await ensureAgent(cacheDir), await folder);
    const programs: Record<RuntimeName, () => Promise<AgentProgram>> = {
      node: async () => nodeProgram(await ensureAgent(cacheDir)),
      python: async () => pythonProgram(await pythonImage(), inspectDir && (await fetchDebugpy({ cacheDir, progress }))),
      java: async () => javaProgram((await fetchJava(cacheDir, progress)).command, await ensureJavaAgent({ cacheDir, progress })),
      "node-java": async () => nodeBeside(launcherFolder(cacheDir, { java: { command: (await fetchJava(cacheDir, progress)).command } })),
      "node-python": async () => nodeBeside(launcherFolder(cacheDir, { python3: await pythonCommand(await pythonImage()) })),
    };
    const program = (runtime: RuntimeName) => programs[runtime]();
    return { driver: createProcessDriver({ program, runDir, inspectDir }), ready: async () => undefined };
  },
};

async function make(name: SelectableDriver, surroundings: DriverSurroundings): Promise<Made> {
  const made = await makers[name](surroundings);
  const { kernel } = surroundings;
  if (kernel === undefined || made.driver.kernels.includes(kernel)) return made;
  throw new MayflyError("bad-config", { key: "kernel", what: `is ${kernel}, which only the driver qemu runs, not ${name}` });
}

function linuxGuest(kernel: GuestKernel, runtime: RuntimeName, { cacheDir, uids, progress }: DriverSurroundings): GuestSource {
  return guestOf(
    kernel,
    runtime,
    () => ensureImage({ runtime, cacheDir, uids, progress, tree: false }),
    // The image's root may be the same file under another name.
    (image, { root }) => damageOf({ ...image, root }),
  );
}

function osvGuest(kernel: GuestKernel, runtime: AgentName, { cacheDir, uids, progress, osvKernel }: DriverSurroundings): GuestSource {
  return guestOf(
    kernel,
    runtime,
    () => ensureOsvImage({ runtime, cacheDir, uids, progress, osvKernel }),
    (image, { root }) => damageOfOsv({ ...image, root }),
  );
}

/** The image is built, or read completely to check it, when it is first asked for, and again after it was found damaged. */
function guestOf<Image extends BootImage>(
  kernel: GuestKernel,
  runtime: RuntimeName,
  ensure: () => Promise<Image>,
  look: (image: Image, open: BootImage) => Promise<string | undefined>,
): GuestSource {
  const image = remember(ensure);
  return {
    kernel,
    runtime,
    image,
    async damageOf(open) {
      const damage = await look(await image(), open);
      if (damage !== undefined) image.forget();
      return damage;
    },
  };
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
