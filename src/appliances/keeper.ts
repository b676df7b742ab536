/**
 * Keeps one appliance running: it starts one machine after the other, until the appliance is stopped or its command ends with code 0.
 *
 * Owns the machine that runs now, its folder, and the listening sockets of the published ports.
 * 1. There is at most one machine at a time: the next one starts when nothing is left of the last.
 * 2. Published ports stay open while the appliance should run, also between machines.
 * 3. After close() nothing is left.
 */
import type { Clock } from "../base/clock/clock.ts";
import type { SocketEgress } from "../egress/egress.ts";
import { MayflyError, asMayflyError } from "../base/errors/error.ts";
import type { Image, RunSpec } from "../images/image.ts";
import { clauseOf, clauseWithOutput, StartFailure } from "../machines/exit.ts";
import { createRunFolder } from "../machines/host/child/run-folder.ts";
import { UsageMeter } from "../fleet/usage-meter.ts";
import { createBackOff } from "./back-off.ts";
import type { ApplianceEnd } from "./end.ts";
import type { ApplianceHost } from "./host.ts";
import { checkAddress, type Permitted } from "./permitted.ts";
import { proxyVariables } from "./proxy-variables.ts";
import { type PublishedSocket, publish } from "./publish.ts";
import type { ApplianceSpec, ApplianceState } from "./spec.ts";
import { type ApplianceMachine, startMachine } from "./start-machine.ts";
import type { Volumes } from "./volumes.ts";
import type { UsageSink } from "../store/ledger/usage.ts";

export interface KeeperOptions {
  /** The appliance's id. */
  id: string;
  spec: ApplianceSpec;
  /** Returns the image, and what must run of it, with the appliance's own command and variables. Called at each start. */
  source: () => Promise<{ image: Image; run: RunSpec }>;
  host: (image: Image) => Promise<ApplianceHost>;
  volumes: Volumes;
  permitted: Permitted;
  /** Called before each machine. Throws "not-permitted" if the machines of all appliances would have more memory than they may. */
  admit: () => void;
  /** Has a folder for each machine, which is removed with it. */
  runDir: string;
  bootId: string;
  /** Returns the next number of a machine; all appliances share the count. */
  nextNumber: () => number;
  clock: Clock;
  usage: UsageSink;
  /** Makes an egress for one machine. @param appliance its id */
  egress: (appliance: string) => SocketEgress;
  /** Writes a line of the guest, or about its machines, to the appliance's log. */
  log: (machine: string | undefined, text: string, ofPlatform: boolean) => void;
}

export interface Keeper {
  view(): {
    state: ApplianceState;
    machine: string | null;
    ageMs: number;
    memoryBytes: number;
    cpuUs: number;
    restarts: number;
    lastEnd: string | null;
  };
  sample(): void;
  /**
   * Starts the appliance; a stop that comes meanwhile ends it again. If the first machine fails to start, rejects with "port-in-use" or the
   * reason, and the appliance is stopped.
   */
  start(): Promise<void>;
  /** Starts the appliance, and if that fails, tries again until it is stopped. Never rejects; resolves after the first try. */
  resume(): Promise<void>;
  /** Stops the appliance in order, or by force after ten seconds. Further calls wait for the same end. */
  stop(): Promise<void>;
}

/** The folder of all appliances' machines, in the run folder. */
export const runFolderName = "appliances";

const STOP_MS = 10_000;
const SAMPLE_MS = 5_000;
/** The first of the ports that QEMU listens on in its own namespace; lower ports need a privilege. */
const FIRST_PORT = 20_000;

interface Living {
  machine: ApplianceMachine;
  meter: UsageMeter;
  since: number;
}

export function createKeeper(options: KeeperOptions): Keeper {
  const { spec, clock, log } = options;
  const isRoot = process.getuid?.() === 0;
  const backOff = createBackOff();
  let state: ApplianceState = "stopped";
  let living: Living | undefined;
  let published: PublishedSocket[] = [];
  let restarts = 0;
  let lastEnd: string | null = null;
  let cancelWait = (): void => undefined;
  let finished = Promise.resolve();
  let stopping: Promise<void> | undefined;

  async function launch(): Promise<void> {
    state = "starting";
    if (!isRoot && spec.network === "egress") {
      throw new MayflyError("bad-appliance", { what: "the network egress needs Mayfly to run as root" });
    }
    options.admit();
    publishPorts();
    await launchMachine();
  }

  async function launchMachine(): Promise<void> {
    const id = `${forMachines(spec.name)}-${options.bootId}-${options.nextNumber()}`;
    const run = createRunFolder(options.runDir, runFolderName, id);
    const release = async () => {
      run.remove();
      await options.volumes.release(id);
    };
    const meter = new UsageMeter(id, clock, options.usage);
    meter.begin();
    try {
      const plan = await planOf(id, run.folder);
      const machine = await startMachine(await options.host(plan.image), plan);
      meter.take(options.id, { cpuUs: 0, memoryBytes: 0 });
      meter.run({ cpuUs: 0, memoryBytes: 0 });
      living = { machine, meter, since: clock.now() };
      // The appliance may have been stopped meanwhile.
      if (state === "starting") state = "running";
      const stopSampling = clock.every(SAMPLE_MS, () => meter.sample(machine.usage()));
      log(id, `Machine ${id} started.`, true);
      finished = machine.exited.then((end) =>
        after(end, living!, async () => {
          stopSampling();
          await release();
        }),
      );
    } catch (error) {
      await release();
      throw error;
    }
  }

  async function planOf(id: string, folder: string) {
    const source = await options.source();
    const volumes = await options.volumes.ready(spec.volumes, id);
    const { memoryMb, vcpus } = spec;
    const env = { ...(spec.network === "egress" ? proxyVariables : {}), ...source.run.env };
    const ports = spec.ports.map(({ address, host, guest }, index) => ({
      guest,
      listen: isRoot ? `:${FIRST_PORT + index}` : `${address}:${host}`,
    }));
    const wiring = { ports, outbound: spec.network === "egress" };
    return {
      id,
      app: options.id,
      folder,
      image: source.image,
      run: { ...source.run, env },
      volumes,
      wiring,
      memoryMb,
      vcpus,
      ports: published.map((socket, index) => ({ socket, qemu: FIRST_PORT + index })),
      egress: spec.network === "egress" ? options.egress(options.id) : undefined,
      clock,
      onLine: (text: string) => log(id, text, false),
      note: (text: string) => log(id, sentence(text), true),
    };
  }

  async function after(end: ApplianceEnd, { machine, meter, since }: Living, release: () => Promise<void>): Promise<void> {
    meter.close(machine.usage().cpuUs);
    living = undefined;
    lastEnd = clauseOf(end);
    await release();
    const asked = state === "stopping";
    log(machine.id, `Machine ${machine.id} ended: ${asked ? "stopped" : clauseWithOutput(end)}.`, true);
    if (asked) return;
    if (end.good) {
      state = "ended";
      return closePorts();
    }
    restartLater(clock.now() - since);
  }

  function restartLater(livedMs: number): void {
    const ms = backOff.next(livedMs);
    state = "waiting";
    log(undefined, `The appliance starts again in ${ms / 1_000} s.`, true);
    cancelWait = clock.after(ms, () => {
      restarts++;
      finished = tryLaunch();
    });
  }

  function tellUnstarted(error: unknown): void {
    lastEnd = asMayflyError(error).message;
    log(undefined, `The appliance did not start: ${messageWithOutput(error)}`, true);
  }

  async function tryLaunch(): Promise<void> {
    try {
      await launch();
    } catch (error) {
      tellUnstarted(error);
      if (state === "starting") restartLater(0);
    }
  }

  /** Opens the published ports that are not open yet, all or none. Without root, QEMU itself listens on the host. */
  function publishPorts(): void {
    for (const port of spec.ports) checkAddress(port, options.permitted);
    if (!isRoot || published.length > 0) return;
    try {
      for (const port of spec.ports) published.push(publish(port));
    } catch (error) {
      closePorts();
      throw error;
    }
  }

  function closePorts(): void {
    for (const socket of published) socket.close();
    published = [];
  }

  async function stop(): Promise<void> {
    if (state === "stopped" || state === "ended") return;
    stopping ??= stopNow().finally(() => (stopping = undefined));
    return stopping;
  }

  async function stopNow(): Promise<void> {
    state = "stopping";
    cancelWait();
    const { machine } = living ?? {};
    machine?.askToStop();
    const cancelKill = clock.after(STOP_MS, () => machine?.kill());
    // A machine that was about to start when close() was called must end, too.
    await finished;
    living?.machine.kill();
    await finished;
    cancelKill();
    closePorts();
    state = "stopped";
  }

  return {
    async start() {
      restarts = 0;
      const launching = launch();
      // A stop that comes meanwhile waits for the launch.
      finished = launching.catch(() => undefined);
      try {
        await launching;
        await stopping;
      } catch (error) {
        closePorts();
        state = "stopped";
        tellUnstarted(error);
        throw error;
      }
    },
    resume() {
      restarts = 0;
      return (finished = tryLaunch());
    },
    stop,
    sample: () => living?.meter.sample(living.machine.usage()),
    view() {
      const { cpuUs = 0, memoryBytes = 0 } = living?.meter.usage ?? {};
      const ageMs = living === undefined ? 0 : clock.now() - living.since;
      return { state, machine: living?.machine.id ?? null, ageMs, memoryBytes, cpuUs, restarts, lastEnd };
    },
  };
}

/** The beginning of an appliance's name, in the characters that ids of machines allow. */
function forMachines(name: string): string {
  return (
    name
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, "-")
      .replace(/^-/, "")
      .slice(0, 24) || "appliance"
  );
}

/** Makes a sentence of a clause that says what happened. */
function sentence(clause: string): string {
  return `${clause.slice(0, 1).toUpperCase()}${clause.slice(1).replace(/\.$/, "")}.`;
}

/** The error's text for the appliance's log alone, with what QEMU printed. */
function messageWithOutput(error: unknown): string {
  const { message } = asMayflyError(error);
  if (!(error instanceof StartFailure) || error.exit.output.length === 0) return message;
  return `${message} Its last output: ${error.exit.output.join(" | ")}`;
}
