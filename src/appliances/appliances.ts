/**
 * Appliances: long-lived machines, each of an image of its own, beside the functions'.
 *
 * Owns their definitions, and a keeper for each.
 * 1. A definition is on disk before its appliance runs, and gone before its name is free.
 * 2. A disk belongs to one appliance at a time.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../clock/clock.ts";
import type { Seal } from "../catalog/seal.ts";
import type { Egress } from "../egress/egress.ts";
import { MayflyError, asMayflyError } from "../errors/error.ts";
import { refuseDamaged } from "../images/damage.ts";
import { findImage } from "../images/find-image.ts";
import { describeImage, type Image, imageAt, isComplete, type RunSpec } from "../images/image.ts";
import type { UsageSink } from "../machines/fleet/fleet.ts";
import { type Definition, definitionsFile, openDefinitions } from "./definitions.ts";
import { type ApplianceHost, openHost } from "./host.ts";
import { createKeeper, type Keeper } from "./keeper.ts";
import type { ApplianceInfo, ApplianceSpec } from "./spec.ts";
import { createVolumes } from "./volumes.ts";

export interface AppliancesOptions {
  stateDir: string;
  cacheDir: string;
  seal: Seal;
  bootId: string;
  clock: Clock;
  usage: UsageSink;
  /** For one machine's way out. */
  egress: (appliance: string) => Egress;
  log: (appliance: string, machine: string | undefined, text: string, ofPlatform: boolean) => void;
  /** Who else has this name; undefined where it is free. */
  ownerOf: (name: string) => string | undefined;
}

export interface Appliances {
  /** Makes it and starts it. Rejects with "name-taken", "no-such-image", "bad-appliance", "port-in-use", "machine-start-failed". */
  run(spec: ApplianceSpec): Promise<ApplianceInfo>;
  /** One that is stopped or ended. */
  start(name: string): Promise<ApplianceInfo>;
  /** For good: it stays stopped when the server starts again. */
  stop(name: string): Promise<ApplianceInfo>;
  /** Stops and forgets it. Its disks stay unless asked for. */
  remove(name: string, withDisks: boolean): Promise<void>;
  list(): ApplianceInfo[];
  has(name: string): boolean;
  /** Has the ledger told what every one has used up to now. */
  sample(): void;
  /** Starts those that are to run. Never rejects: what fails is in the appliance's log. */
  resume(): Promise<void>;
  /** An orderly end for all; they start again with the server. */
  close(): Promise<void>;
}

interface Entry {
  definition: Definition;
  keeper: Keeper;
}

export function openAppliances(options: AppliancesOptions): Appliances {
  const { stateDir, cacheDir, clock } = options;
  const runDir = join(stateDir, "run", "appliances");
  const definitions = openDefinitions(definitionsFile(stateDir), options.seal);
  const volumes = createVolumes(join(stateDir, "volumes"));
  const entries = new Map<string, Entry>();
  /** Names being made or removed: nobody else may begin with them. */
  const busy = new Set<string>();
  let opening: Promise<ApplianceHost> | undefined;

  function host(image: Image): Promise<ApplianceHost> {
    opening ??= openHost(cacheDir, runDir, image, clock).catch((error: unknown) => {
      opening = undefined; // a later start tries again
      throw error;
    });
    return opening;
  }

  function enter(definition: Definition): Entry {
    const { spec } = definition;
    const log = (machine: string | undefined, text: string, ofPlatform: boolean) => options.log(spec.name, machine, text, ofPlatform);
    const keeper = createKeeper({ ...options, spec, source: () => sourceOf(cacheDir, spec), host, volumes, runDir, log });
    const entry = { definition, keeper };
    entries.set(spec.name, entry);
    return entry;
  }

  function found(name: string): Entry {
    const entry = entries.get(name);
    if (entry === undefined || busy.has(name)) throw new MayflyError("no-such-appliance", { appliance: name });
    return entry;
  }

  function want(entry: Entry, wanted: boolean): void {
    entry.definition = { ...entry.definition, wanted };
    definitions.save(entry.definition);
  }

  async function exclusively<T>(name: string, work: () => Promise<T>): Promise<T> {
    busy.add(name);
    return work().finally(() => busy.delete(name));
  }

  return {
    async run(asked) {
      const { name } = asked;
      const owner = entries.has(name) || busy.has(name) ? "an appliance" : options.ownerOf(name);
      if (owner !== undefined) throw new MayflyError("name-taken", { name, owner });
      refuseContradictions(
        asked,
        [...entries.values()].map(({ definition }) => definition.spec),
      );
      return exclusively(name, async () => {
        const { image, run } = await sourceOf(cacheDir, { ...asked, image: (await findImage(cacheDir, asked.image)).id });
        const spec = { ...asked, image: image.id, command: run.command };
        const entry = enter({ spec, wanted: true, createdAt: clock.wall() });
        try {
          definitions.save(entry.definition);
          await entry.keeper.start();
        } catch (error) {
          entries.delete(name);
          definitions.remove(name);
          throw error;
        }
        return infoOf(entry);
      });
    },
    async start(name) {
      const entry = found(name);
      const { state } = entry.keeper.view();
      if (state !== "stopped" && state !== "ended") return infoOf(entry);
      await exclusively(name, () => entry.keeper.start());
      want(entry, true);
      return infoOf(entry);
    },
    async stop(name) {
      const entry = found(name);
      want(entry, false);
      await entry.keeper.stop();
      return infoOf(entry);
    },
    async remove(name, withDisks) {
      const entry = found(name);
      await exclusively(name, async () => {
        await entry.keeper.stop();
        definitions.remove(name);
        entries.delete(name);
        for (const volume of entry.definition.spec.volumes) if (withDisks && "disk" in volume) await volumes.remove(volume.disk);
      });
    },
    list: () => [...entries.values()].map(infoOf).toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    has: (name) => entries.has(name) || busy.has(name),
    sample: () => entries.forEach(({ keeper }) => keeper.sample()),
    async resume() {
      // What a killed server left; its machines died with it.
      rmSync(runDir, { recursive: true, force: true });
      await Promise.all(definitions.all().map((definition) => resumeOne(enter(definition), options.log)));
    },
    async close() {
      await Promise.all([...entries.values()].map(({ keeper }) => keeper.stop()));
      const opened = await opening?.catch(() => undefined);
      opened?.confinement.remove();
      definitions.close();
    },
  };
}

async function resumeOne({ definition, keeper }: Entry, log: AppliancesOptions["log"]): Promise<void> {
  if (!definition.wanted) return;
  await keeper.start().catch((error: unknown) => {
    log(definition.spec.name, undefined, `it could not be started: ${asMayflyError(error).message}`, true);
  });
}

/** @param spec whose image is an id */
async function sourceOf(cacheDir: string, { name, image: id, command, env }: ApplianceSpec): Promise<{ image: Image; run: RunSpec }> {
  const image = imageAt(cacheDir, id);
  if (!isComplete(image)) throw new MayflyError("no-such-image", { image: id });
  await refuseDamaged(image);
  const { run } = await describeImage(image);
  if (run === null) throw new MayflyError("bad-appliance", { what: `${name}'s image runs functions: it starts nothing by itself` });
  return { image, run: { ...run, env: { ...run.env, ...env }, command: command ?? run.command } };
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
    if (other !== undefined) throw new MayflyError("bad-appliance", { what: `the disk ${disk} is ${other.name}'s` });
  }
}

function disksOf({ volumes }: ApplianceSpec): string[] {
  return volumes.flatMap((volume) => ("disk" in volume ? [volume.disk] : []));
}

function infoOf({ definition, keeper }: Entry): ApplianceInfo {
  const { env, command = [], ...spec } = definition.spec;
  return { ...spec, command, env: Object.keys(env), createdAt: definition.createdAt, ...keeper.view() };
}
