/**
 * Runs machines as gVisor sandboxes: the guest's system calls are answered by runsc's own kernel, at near native
 * speed and without KVM. docs/drivers.md has the measurements behind it.
 */
import { join } from "node:path";
import { agentOf, type RuntimeName, usualRuntime } from "../../base/kind/machine-kind.ts";
import { type Clock, systemClock } from "../../base/clock/clock.ts";
import { within } from "../../base/clock/within.ts";
import { MayflyError } from "../../base/errors/error.ts";
import { failureText } from "../../base/errors/failure-text.ts";
import { fetchRunsc } from "../../images/debian/fetch-runsc.ts";
import { filesPath } from "../../images/guest-layout.ts";
import type { Image } from "../../images/image.ts";
import { closeCgroups, describeLimits, sweepCgroups } from "../host/cgroup/create-cgroup.ts";
import { startChildMachine } from "../host/child/child-machine.ts";
import { openInspectorChannel } from "../host/child/inspector-channel.ts";
import { closeRunFolder, createRunFolder, type RunFolder, sweepRunFolders } from "../host/child/run-folder.ts";
import type { Driver, DriverTraits, Machine, MachineSpec, Probe } from "../driver.ts";
import { StartFailure } from "../exit.ts";
import { writeBundle } from "./bundle.ts";
import { preferSandbox } from "./oom.ts";
import { createShownFiles, type ShownFiles } from "./shown-files.ts";
import { runArguments, SECOND_CHANNEL, runscEnvironment, runscVersion, trySandbox } from "./runsc.ts";
import { refuseOtherKernels } from "../refuse-kernel.ts";
import { remember, rememberEach } from "../remember.ts";

export interface GvisorDriverOptions {
  /** Called when the image of a runtime is first needed, and again only if it failed. */
  image: (runtime: RuntimeName) => Promise<Image>;
  /** The folder in which runsc is kept. */
  cacheDir: string;
  /** The folder of machines' bundles and runsc's state. */
  runDir: string;
  clock?: Clock;
  /** As ProcessDriverOptions has it, for machines of Node. */
  inspectDir?: string | undefined;
}

/** Megabytes that runsc itself holds, in addition to the guest's memory. */
const OVERHEAD_MB = 128;
/** CPUs for the sandbox's kernel, and for Node's threads besides its main one. */
const OVERHEAD_CPUS = 1;
const START_MS = 60_000;
const PROBE_MS = 25_000;

const traits: DriverTraits = { ownKernel: true, hostNetwork: false, answerMs: 0, idleShare: 0.08, wakeUs: 10_000 };

/** Programs made for Linux run on gVisor's own kernel. */
const KERNELS = ["linux"] as const;

export function createGvisorDriver(options: GvisorDriverOptions): Driver {
  const { cacheDir, runDir, clock = systemClock, inspectDir } = options;
  const machines = new Set<Machine>();
  const runsc = remember(() => fetchRunsc(cacheDir));
  const image = rememberEach(options.image);
  /** The runtimes that are prepared. */
  const prepared = new Set<RuntimeName>();
  /** Undefined where this process may not mount. */
  let shown: ShownFiles | undefined;

  return {
    name: "gvisor",
    traits,
    kernels: KERNELS,
    attaches: () => shown && "folder",
    probe: () => probe(runsc, runDir, clock),
    async prepare(progress, { runtime = usualRuntime }) {
      if (prepared.has(runtime)) return;
      if (prepared.size === 0) {
        // What a server that was killed has left is cleared away once.
        await sweepCgroups();
        sweepRunFolders(runDir, "gvisor");
        shown = shownFiles(runDir);
        progress("fetching runsc");
        await runsc();
      }
      progress(`preparing the image of ${runtime}`);
      await image(runtime);
      prepared.add(runtime);
    },
    async start(spec) {
      refuseOtherKernels(spec, KERNELS);
      const parts = await Promise.all([runsc(), image(spec.runtime ?? usualRuntime)]).catch((error: Error) => {
        throw new StartFailure(error.message, error);
      });
      const machine = await startSandbox(...parts, { runDir, clock, shown, inspectDir }, spec);
      machines.add(machine);
      void machine.exited.then(() => machines.delete(machine));
      return machine;
    },
    async close() {
      await Promise.all([...machines].map((machine) => machine.kill()));
      shown?.close();
      shown = undefined;
      closeRunFolder(runDir, "gvisor");
      closeCgroups();
    },
  };
}

/** The name of the folder of files that are shown, which no machine's id is like. */
const SHOWN = ".files";

function shownFiles(runDir: string): ShownFiles | undefined {
  const run = createRunFolder(runDir, "gvisor", SHOWN);
  try {
    return createShownFiles(run);
  } catch {
    // Only root mounts, and in some containers not even root. Then files come in frames, and large ones are refused at deploy.
    run.remove();
    return undefined;
  }
}

interface SandboxParts {
  runDir: string;
  clock: Clock;
  shown: ShownFiles | undefined;
  inspectDir: string | undefined;
}

function startSandbox(
  runsc: string,
  image: Image,
  { runDir, clock, shown, inspectDir }: SandboxParts,
  spec: MachineSpec,
): Promise<Machine> {
  const inspectFile = inspectDir !== undefined && agentOf(spec.runtime ?? usualRuntime) === "node" ? join(inspectDir, spec.id) : undefined;
  const own = createRunFolder(runDir, "gvisor", spec.id);
  const run: RunFolder = {
    ...own,
    remove() {
      shown?.remove(spec.id);
      own.remove();
    },
  };
  try {
    writeBundle(run.folder, image, spec, shown?.folderOf(spec.id), inspectFile === undefined ? undefined : SECOND_CHANNEL);
  } catch (error) {
    run.remove(); // of a full disk, for example
    throw new StartFailure(`runsc: ${failureText(error)}`, error);
  }
  return startChildMachine({
    what: "runsc",
    command: runsc,
    args: runArguments(run.folder, spec.id, inspectFile !== undefined),
    env: runscEnvironment,
    limits: {
      id: spec.id,
      memoryMb: spec.memoryMb + OVERHEAD_MB,
      vcpus: spec.vcpus + OVERHEAD_CPUS,
      awaited: spec.awaited,
    },
    run,
    clock,
    startMs: START_MS,
    reaps: true,
    whenUp: preferSandbox,
    ...(inspectFile !== undefined && { inspected: true, second: (channel) => void openInspectorChannel(channel, inspectFile) }),
    ...(shown && {
      async attach(files) {
        shown.show(spec.id, await files.path("folder"));
        return { type: "folder", path: filesPath };
      },
    }),
  });
}

async function probe(runsc: () => Promise<string>, runDir: string, clock: Clock): Promise<Probe> {
  let run: RunFolder | undefined;
  try {
    run = createRunFolder(runDir, "gvisor", "probe");
    const binary = await within(clock, PROBE_MS, "fetching runsc", runsc());
    await trySandbox(binary, run.folder);
    return { ok: true, detail: `gVisor ${await runscVersion(binary)}, systrap; ${await describeLimits()}` };
  } catch (error) {
    const cure = error instanceof MayflyError ? error.cure : "Run Mayfly as root, or on a kernel that lets users make namespaces.";
    return { ok: false, reason: (error as Error).message, cure };
  } finally {
    run?.remove();
  }
}
