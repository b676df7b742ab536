/**
 * Appliances: long-lived machines, each of an image of its own, besides the machines of functions.
 *
 * Owns their definitions, and a keeper for each.
 * 1. A definition is on disk before its appliance runs, and removed before its name is free.
 * 2. A disk belongs to one appliance at a time.
 */
import { rmSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../base/clock/clock.ts";
import type { SocketEgress } from "../egress/egress.ts";
import { MayflyError } from "../base/errors/error.ts";
import { refuseDamaged } from "../images/damage.ts";
import { findImage } from "../images/find-image.ts";
import { describeImage, type Image, imageAt, isComplete, type RunSpec } from "../images/image.ts";
import { closeRunFolder, sweepRunFolders } from "../machines/host/child/run-folder.ts";
import type { QemuHost } from "../machines/host/qemu/qemu-host.ts";
import type { Definition, Definitions } from "./definitions.ts";
import { Apart } from "./apart.ts";
import { openHost } from "./host.ts";
import { createKeeper, type Keeper, runFolderName } from "./keeper.ts";
import { type Bounds, checkMemory } from "./bounds.ts";
import { checkAddress, openShared, type Permitted } from "./permitted.ts";
import type { ApplianceInfo, ApplianceSpec } from "./spec.ts";
import { createVolumes } from "./volumes.ts";
import type { UsageSink } from "../store/ledger/usage.ts";

export interface AppliancesOptions {
  stateDir: string;
  cacheDir: string;
  /** For what is removed with the machines and must be made even if the state folder's disk is full. Other servers may use it as well. */
  runDir: string;
  qemuHost: QemuHost;
  definitions: Definitions;
  bootId: string;
  clock: Clock;
  permitted: Permitted;
  bounds: Bounds;
  usage: UsageSink;
  /** Makes an egress for one machine. Appliances are given by their ids here and below. */
  egress: (appliance: string) => SocketEgress;
  /** @param at milliseconds since the epoch; now if it is missing */
  log: (appliance: string, machine: string | undefined, text: string, ofPlatform: boolean, at?: number) => void;
  /** Deletes the log of an appliance that is being removed, before its name is free. */
  forgetLog: (appliance: string) => Promise<void>;
  /** Called when an appliance is about to start, for whatever reason. */
  starting: (appliance: string) => void;
  /** Called when a user starts an appliance, which ends its being left alone. */
  takenUp: (appliance: string) => void;
  /** Called with the name of an appliance whose definition cannot be read; it is skipped. */
  onUnusable: (name: string, error: unknown) => void;
}

export interface Appliances {
  /**
   * Makes the appliance and starts it. Its name must have been claimed for this id. Rejects with "no-such-image", "bad-appliance",
   * "port-in-use", "machine-start-failed".
   */
  run(owner: Pick<Definition, "id" | "tenant">, spec: ApplianceSpec): Promise<ApplianceInfo>;
  /**
   * Starts an appliance that was stopped or has ended. Rejects with "no-such-appliance" if it is being made or removed, as the functions
   * below do.
   */
  start(id: string): Promise<ApplianceInfo>;
  /** Stops the appliance for good: it stays stopped when the server starts again. */
  stop(id: string): Promise<ApplianceInfo>;
  /** Stops the appliance and removes it. Its disks stay unless `withDisks`. */
  remove(id: string, withDisks: boolean): Promise<void>;
  /** In the order of their names. @param tenant the id of the tenant whose appliances they are; the default is every tenant */
  list(tenant?: string): ApplianceInfo[];
  /** Whether the appliance can be started, stopped and removed now. */
  has(id: string): boolean;
  /** Ids of all defined appliances, even if their definitions cannot be read. */
  ids(): string[];
  /** Tells the ledger what every appliance has used up to now. */
  sample(): void;
  /**
   * Starts the appliances that should run, except those to leave alone. Never rejects: a failure is written to the appliance's log, and the
   * start is tried again. Resolves when all have been started but those to start apart.
   * @param deaths deaths of workers that the logs do not mention yet
   * @param apart those to start one after the other, each so many milliseconds after the one before, and the first so long after all others
   */
  resume(
    deaths: readonly Death[],
    leaveAlone?: ReadonlySet<string>,
    apart?: { appliances: readonly string[]; everyMs: number },
  ): Promise<void>;
  /** Names of the appliances that resume() did not start, until a user starts or removes them. */
  leftAlone(): string[];
  /** Stops all appliances in order; they start again with the server. */
  close(): Promise<void>;
}

interface Death {
  /** Milliseconds since the epoch. */
  at: number;
  reason: string;
}

const whyApart = "the server died soon after several appliances were started, and this may be the one that ended it";
const whyAlone = "the server died right after it was started, time and again";

interface Entry {
  definition: Definition;
  keeper: Keeper;
}

export function openAppliances(options: AppliancesOptions): Appliances {
  const { stateDir, cacheDir, runDir, clock, qemuHost } = options;
  const packedDir = join(stateDir, "run", "appliances");
  const { definitions } = options;
  const openFolder = (folder: string) => openShared(folder, options.permitted, stateDir);
  const volumes = createVolumes({ disksDir: join(stateDir, "volumes"), packedDir, openFolder, bounds: options.bounds });
  /** Keyed by the appliance's id. */
  const entries = new Map<string, Entry>();
  const removing = new Set<string>();
  const alone = new Set<string>();
  const apart = new Apart(clock);
  let started = 0;
  const nextNumber = () => ++started;
  const host = (image: Image) => openHost(qemuHost, image, clock);

  function enter(definition: Definition): Entry {
    const { id, spec } = definition;
    const log = (machine: string | undefined, text: string, ofPlatform: boolean) => options.log(id, machine, text, ofPlatform);
    const source = () => sourceOf(cacheDir, spec);
    const admit = () => checkMemory(spec.memoryMb, memoryOfOthers(id), options.bounds);
    const keeper = createKeeper({ ...options, id, spec, source, host, volumes, admit, runDir, nextNumber, log });
    const entry = { definition, keeper };
    entries.set(id, entry);
    return entry;
  }

  /** MB of the machines of those that run, or are being started or stopped. */
  function memoryOfOthers(id: string): number {
    const others = [...entries.values()].filter(({ definition }) => definition.id !== id);
    const running = others.filter(({ keeper }) => ["starting", "running", "stopping"].includes(keeper.view().state));
    return running.reduce((sum, { definition: { spec } }) => sum + spec.memoryMb, 0);
  }

  function found(id: string): Entry {
    const entry = entries.get(id);
    if (entry === undefined || removing.has(id))
      throw new MayflyError("no-such-appliance", { appliance: entry?.definition.spec.name ?? id });
    return entry;
  }

  function want(entry: Entry, wanted: boolean): void {
    entry.definition = { ...entry.definition, wanted };
    definitions.save(entry.definition);
  }

  /** Throws "bad-appliance" if the specification contradicts itself, or asks for a disk that another appliance has. */
  function refuseTaken(asked: ApplianceSpec): void {
    const others = [...entries.values()].map(({ definition }) => definition.spec);
    refuseContradictions(asked, others);
  }

  async function resumeOne({ definition: { id }, keeper }: Entry): Promise<void> {
    options.starting(id);
    await keeper.resume();
  }

  function startApart(ids: readonly string[], everyMs: number): void {
    const wanted = ids.filter((id) => entries.get(id)?.definition.wanted === true && !alone.has(id));
    for (const [turn, id] of wanted.entries()) {
      const seconds = ((turn + 1) * everyMs) / 1_000;
      options.log(id, undefined, `The appliance starts in ${seconds} s, apart from others: ${whyApart}.`, true);
    }
    apart.begin(wanted, everyMs, (id) => void resumeOne(entries.get(id)!));
  }

  function tellDeath({ at, reason }: Death, id: string): void {
    const text = `The server's worker died, and all machines with it: ${reason.replace(/\.$/, "")}. Where the appliance ran, that was like a power cut. Another worker has taken over.`;
    options.log(id, undefined, text, true, at);
  }

  /** Brings the appliance into the state that the user wants. If another wish comes while one is being carried out, the last one counts. */
  async function startWanted(entry: Entry): Promise<void> {
    const { wanted } = entry.definition;
    want(entry, true);
    try {
      await entry.keeper.start();
    } catch (error) {
      if (entry.definition.wanted && !wanted) want(entry, false);
      throw error;
    }
  }

  function leave({ id, spec: { name } }: Definition): void {
    alone.add(id);
    options.log(id, undefined, `The appliance is not started: ${whyAlone}. \`mayfly appliance start ${name}\` takes it up again.`, true);
  }

  function takeUp(id: string): void {
    alone.delete(id);
    apart.leave(id);
    options.takenUp(id);
  }

  function info(entry: Entry): ApplianceInfo {
    const known = infoOf(entry);
    if (apart.has(entry.definition.id)) return { ...known, state: "waiting", lastEnd: `is started apart from others: ${whyApart}` };
    return alone.has(entry.definition.id) ? { ...known, lastEnd: `left alone: ${whyAlone}` } : known;
  }

  return {
    async run({ id, tenant }, asked) {
      refuseTaken(asked);
      await refuseForbidden(asked, options.permitted, openFolder);
      const { image, run } = await sourceOf(cacheDir, { ...asked, image: (await findImage(cacheDir, asked.image)).id });
      const spec = { ...asked, image: image.id, command: run.command };
      // Another appliance may have been made meanwhile.
      refuseTaken(asked);
      const entry = enter({ id, tenant, spec, wanted: true, createdAt: clock.wall() });
      try {
        definitions.save(entry.definition);
        options.starting(id);
        await entry.keeper.start();
      } catch (error) {
        entries.delete(id);
        definitions.remove(id);
        throw error;
      }
      return info(entry);
    },
    async start(id) {
      const entry = found(id);
      while (entry.keeper.view().state === "stopping") await entry.keeper.stop();
      if (found(id) !== entry) throw new MayflyError("no-such-appliance", { appliance: entry.definition.spec.name });
      const { state } = entry.keeper.view();
      if (state !== "stopped" && state !== "ended") return info(entry);
      takeUp(id);
      options.starting(id);
      await startWanted(entry);
      return info(entry);
    },
    async stop(id) {
      const entry = found(id);
      apart.leave(id);
      want(entry, false);
      await entry.keeper.stop();
      return info(entry);
    },
    async remove(id, withDisks) {
      const entry = found(id);
      removing.add(id);
      apart.leave(id);
      try {
        await entry.keeper.stop();
        definitions.remove(id);
        takeUp(id);
        try {
          // The volumes still belong to this appliance, so nobody else can have got them.
          for (const volume of entry.definition.spec.volumes) if (withDisks && "disk" in volume) await volumes.remove(volume.disk);
          await options.forgetLog(id);
        } finally {
          entries.delete(id);
        }
      } finally {
        removing.delete(id);
      }
    },
    list: (tenant) =>
      [...entries.values()]
        .filter(({ definition }) => tenant === undefined || definition.tenant === tenant)
        .map(info)
        .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    has: (id) => entries.has(id) && !removing.has(id),
    ids: () => definitions.ids(),
    sample: () => entries.forEach(({ keeper }) => keeper.sample()),
    async resume(deaths, leaveAlone = new Set(), { appliances: suspected, everyMs } = { appliances: [], everyMs: 0 }) {
      // A killed server may have left files of its machines, which died with it.
      sweepRunFolders(runDir, runFolderName);
      rmSync(packedDir, { recursive: true, force: true });
      const wanted = definitions
        .all(options.onUnusable)
        .map(enter)
        .filter(({ definition }) => definition.wanted);
      for (const death of deaths) for (const { definition } of wanted) tellDeath(death, definition.id);
      for (const { definition } of wanted) if (leaveAlone.has(definition.id)) leave(definition);
      startApart(suspected, everyMs);
      await Promise.all(wanted.filter(({ definition: { id } }) => !alone.has(id) && !apart.has(id)).map(resumeOne));
    },
    leftAlone: () => [...alone].flatMap((id) => entries.get(id)?.definition.spec.name ?? []).toSorted(),
    async close() {
      apart.close();
      await Promise.all([...entries.values()].map(({ keeper }) => keeper.stop()));
      closeRunFolder(runDir, runFolderName);
    },
  };
}

/** @param spec its image must be an id */
async function sourceOf(cacheDir: string, { name, image: id, command, env }: ApplianceSpec): Promise<{ image: Image; run: RunSpec }> {
  const image = imageAt(cacheDir, id);
  if (!isComplete(image)) throw new MayflyError("no-such-image", { image: id });
  await refuseDamaged(image);
  const { run } = await describeImage(image);
  if (run === null) throw new MayflyError("bad-appliance", { what: `${name}'s image runs functions: it has no command to start` });
  return { image, run: { ...run, env: { ...run.env, ...env }, command: command ?? run.command } };
}

/** Called before anything is made, and again at each start, because settings and folders may change. */
async function refuseForbidden(
  { ports, volumes }: ApplianceSpec,
  permitted: Permitted,
  openFolder: (folder: string) => Promise<FileHandle>,
) {
  for (const port of ports) checkAddress(port, permitted);
  for (const volume of volumes) if ("folder" in volume) await (await openFolder(volume.folder)).close();
}

function refuseContradictions(spec: ApplianceSpec, others: ApplianceSpec[]): void {
  const twice = (what: string, values: string[]) => {
    const found = values.find((value, index) => values.indexOf(value) !== index);
    if (found !== undefined) throw new MayflyError("bad-appliance", { what: `${what} ${found} is named twice` });
  };
  twice(
    "the port",
    spec.ports.map(({ address, host }) => `${address}:${host}`),
  );
  twice(
    "the path",
    spec.volumes.map(({ path }) => path),
  );
  twice("the disk", disksOf(spec));
  for (const disk of disksOf(spec)) {
    const other = others.find((one) => disksOf(one).includes(disk));
    if (other !== undefined) throw new MayflyError("bad-appliance", { what: `the disk ${disk} belongs to ${other.name}` });
  }
}

function disksOf({ volumes }: ApplianceSpec): string[] {
  return volumes.flatMap((volume) => ("disk" in volume ? [volume.disk] : []));
}

function infoOf({ definition, keeper }: Entry): ApplianceInfo {
  const { env, command = [], ...spec } = definition.spec;
  return { ...spec, command, env: Object.keys(env), createdAt: definition.createdAt, ...keeper.view() };
}
