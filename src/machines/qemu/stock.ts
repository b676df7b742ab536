/**
 * What machines of one guest kernel and one runtime start from, and those that were started: their image, held open, and the templates made of it.
 *
 * Owns the open image, its templates, its machines, and what is known of the image's damage. close() ends them all.
 * 1. The image is opened at the first use, and again after close() or a failure.
 * 2. No machine starts from an image that is damaged, or was when its start began.
 */
import fs from "node:fs";
import path from "node:path";

import type { Clock } from "../../base/clock/clock.ts";
import type { AppSnapshot, FreezeSteps, Machine, MachineSpec } from "../driver.ts";
import { agentOf, type MachineChoice, type RuntimeName, usualChoice, usualRuntime } from "../../base/kind/machine-kind.ts";
import { StartFailure } from "../exit.ts";
import type { KvmVerdict } from "../host/qemu/accelerator.ts";
import type { OpenQemuHost, QemuHost } from "../host/qemu/qemu-host.ts";
import { type AppTemplates, createAppTemplates } from "./app-templates.ts";
import { BootFailure, withBootedGuest } from "./boot.ts";
import { startClone } from "./clone.ts";
import { freezeApp } from "./freeze-app.ts";
import type { BootImage, GuestKernel, MachineShape } from "./guest-kernel.ts";
import { createImageWatch } from "./image-watch.ts";
import { createTemplates, type Template, type Templates } from "./templates.ts";

export interface GuestSource {
  kernel: GuestKernel;
  /** What the image's agent runs. The default is Node. */
  runtime?: RuntimeName | undefined;
  /** Returns an undamaged image. Called when it is first needed, and again if `damageOf` found that the last one is damaged. */
  image: () => Promise<BootImage>;
  /**
   * Reads the image, and returns what is wrong with it, as a clause. Called if a machine's end hints at damage; if absent, nothing is
   * checked.
   */
  damageOf?: ((image: BootImage) => Promise<string | undefined>) | undefined;
}

export interface StockOptions {
  host: QemuHost;
  /** The folder in which templates are kept. */
  cacheDir: string;
  /** The folder of templates of apps, which is this server's alone. If absent, there are none. */
  snapshotDir?: string | undefined;
  clock: Clock;
  /** As ProcessDriverOptions has it, for machines of Node. */
  inspectDir?: string | undefined;
  /** Called with a sentence on what is wrong with a template or the image, and on what is done about it. */
  warn: (text: string) => void;
  /** Called with the microseconds of CPU that boots took, for templates and the trial of KVM. */
  onCpuUsed?: ((cpuUs: number) => void) | undefined;
}

/** What the first use finds out and the rest uses. */
interface OpenStock {
  host: OpenQemuHost;
  verdict: KvmVerdict;
  /** Replaced if the image was damaged and has been repaired. */
  held: HeldImage;
}

interface HeldImage {
  image: BootImage;
  templates: Templates;
  appTemplates: AppTemplates | undefined;
  /** Descriptor of the image's root. */
  root: number;
}

export interface Stock {
  readonly kernel: GuestKernel;
  readonly runtime: RuntimeName;
  open(): Promise<OpenStock>;
  /** Makes the template of machines of this size if it does not exist yet. Rejects with a StartFailure if the template cannot be made. */
  prepare(progress: (step: string) => void, size: MachineChoice): Promise<void>;
  /** Gives up the template of machines of this size. */
  release(size: MachineChoice): void;
  /** Rejects with a StartFailure. */
  start(spec: MachineSpec): Promise<Machine>;
  /** As Snapshots.make(), load() and drop() of the driver. */
  freeze(spec: MachineSpec & { snapshot: AppSnapshot }, steps: FreezeSteps): Promise<void>;
  thaw(size: MachineChoice, snapshot: AppSnapshot): Promise<boolean>;
  drop(part: string): void;
  /** What is wrong with the image, as a clause, until it is repaired. */
  damage(): string | undefined;
  close(): Promise<void>;
}

const KVM_TRIAL_MS = 6_000;

export function createStock(source: GuestSource, options: StockOptions): Stock {
  const { kernel, runtime = usualRuntime } = source;
  const shapeOf = ({ accelerator }: KvmVerdict, { memoryMb, vcpus }: MachineChoice): MachineShape => {
    // The shape is part of a template's key, so nothing else of a spec may get into it.
    return { guest: kernel, accelerator, runtime, memoryMb, vcpus };
  };
  const machines = new Set<Machine>();
  let opening: Promise<OpenStock> | undefined;
  const open = () => (opening ??= openStock(source, options).catch(forget));
  const forget = (error: unknown): never => {
    opening = undefined; // a later call tries again
    throw error;
  };
  const killAll = () => Promise.all([...machines].map((machine) => machine.kill()));

  const watch = createImageWatch({
    clock: options.clock,
    warn: options.warn,
    look: async () => {
      const opened = await opening;
      return opened && source.damageOf?.(asOpen(opened.held));
    },
    mend: async () => {
      const mine = opening;
      const opened = await mine;
      await killAll();
      const held = opened && holdImage(await source.image(), options, opened.host);
      if (held === undefined) return;
      // close() was called meanwhile, and has closed the old image.
      if (opening !== mine) return closeImage(held);
      closeImage(opened!.held);
      opened!.held = held;
    },
  });
  const refuse = (opened: OpenStock, held: HeldImage) => {
    try {
      watch.refuse();
    } catch (error) {
      startFailed(error as Error);
    }
    if (opened.held !== held) startFailed(new Error("the image that it was to start from was damaged, and is put right by now"));
  };

  function templateOf(opened: OpenStock, shape: MachineShape, progress: (step: string) => void): Promise<Template> {
    const { held } = opened;
    return held.templates.get(shape, progress).catch(async (error: Error) => {
      await watch.suspect();
      refuse(opened, held);
      return startFailed(error);
    });
  }

  async function start(spec: MachineSpec): Promise<Machine> {
    // This may take longer than a template that nobody needs any more stays open, so that it comes first.
    const files = await spec.files?.path("image").catch(startFailed);
    const opened = await open().catch(startFailed);
    const { held, verdict, host } = opened;
    refuse(opened, held);
    const shape = shapeOf(verdict, spec);
    const template =
      spec.snapshot === undefined ? await templateOf(opened, shape, () => undefined) : snapshotOf(held, shape, spec.snapshot);
    refuse(opened, held);
    const tried = (worked: boolean) => {
      if (spec.snapshot === undefined) held.templates.tried(shape, template, worked);
      if (!worked) void watch.suspect();
    };
    const { confinement } = host;
    const { clock, inspectDir } = options;
    const inspectFile =
      inspectDir !== undefined && kernel.inspects && agentOf(runtime) === "node" ? path.join(inspectDir, spec.id) : undefined;
    const clone = { spec, shape, template, files, root: held.root, confinement, clock, tried, watch, inspectFile };
    const { machine } = await startClone(clone);
    machines.add(machine);
    void machine.exited.then(() => machines.delete(machine));
    if (opened.held !== held || watch.damage() !== undefined) await machine.kill();
    refuse(opened, held);
    return machine;
  }

  async function freeze(spec: MachineSpec & { snapshot: AppSnapshot }, { ready, admit, gone }: FreezeSteps): Promise<void> {
    const opened = await open().catch(startFailed);
    const { held, verdict, host } = opened;
    refuse(opened, held);
    const shape = shapeOf(verdict, spec);
    const template = await templateOf(opened, shape, () => undefined);
    refuse(opened, held);
    const { confinement } = host;
    const clone = { spec, shape, template, root: held.root, confinement, clock: options.clock, tried: () => undefined, watch };
    const known = (machine: Machine) => {
      machines.add(machine);
      void machine.exited.then(() => machines.delete(machine));
      return ready(machine);
    };
    const frozen = await freezeApp(clone, { ready: known, gone });
    const allow = (bytes: number) => {
      // What was made of a damaged image is damaged as well.
      refuse(opened, held);
      gone.throwIfAborted();
      admit(bytes);
    };
    await held.appTemplates?.add(shape, spec.snapshot, frozen, allow);
  }

  return {
    kernel,
    runtime,
    open,
    start,
    freeze,
    async thaw(size, snapshot) {
      const { held, verdict } = await open();
      return (await held.appTemplates?.load(shapeOf(verdict, size), snapshot)) === true;
    },
    drop(part) {
      void opening?.then(
        ({ held }) => held.appTemplates?.drop(part),
        () => undefined,
      );
    },
    async prepare(progress, size) {
      const opened = await open();
      await templateOf(opened, shapeOf(opened.verdict, size), progress);
    },
    release(size) {
      // Nothing is prepared in a stock that was never opened, or that cannot be.
      void opening?.then(
        ({ held, verdict }) => held.templates.release(shapeOf(verdict, size)),
        () => undefined,
      );
    },
    damage: () => watch.damage(),
    async close() {
      await killAll();
      const opened = await opening?.catch(() => undefined);
      opening = undefined;
      if (opened !== undefined) closeImage(opened.held);
    },
  };
}

async function openStock(source: GuestSource, options: StockOptions): Promise<OpenStock> {
  const host = await options.host.open();
  const image = await source.image();
  const { facts, confinement } = host;
  const shape: MachineShape = { guest: source.kernel, accelerator: "kvm", ...usualChoice, runtime: source.runtime ?? usualRuntime };
  const boot = { image, confinement, clock: options.clock, onCpuUsed: options.onCpuUsed, shape, tscKhz: facts.tscKhz };
  const verdict = await host.accelerator(image.kernel, () =>
    withBootedGuest({ ...boot, deadlineMs: KVM_TRIAL_MS }, async ({ host: end, memory }) => {
      end.close();
      fs.closeSync(memory);
    }),
  );
  return { host, verdict, held: holdImage(image, options, host) };
}

function holdImage(image: BootImage, options: StockOptions, { facts, confinement }: OpenQemuHost): HeldImage {
  const { cacheDir, snapshotDir, clock, onCpuUsed, warn } = options;
  const templates = createTemplates({ image, confinement, clock, onCpuUsed, cacheDir, facts, warn });
  const appTemplates = snapshotDir === undefined ? undefined : createAppTemplates({ image, snapshotDir, facts, warn });
  return { image, templates, appTemplates, root: fs.openSync(image.root, "r") };
}

function closeImage({ templates, appTemplates, root }: HeldImage): void {
  templates.close();
  appTemplates?.close();
  fs.closeSync(root);
}

/** The image with the root that machines have open, because another file may be in its place by now. */
function asOpen({ image, root }: HeldImage): BootImage {
  return { ...image, root: `/proc/self/fd/${root}` };
}

function snapshotOf({ appTemplates }: HeldImage, shape: MachineShape, snapshot: AppSnapshot): Template {
  return appTemplates?.find(shape, snapshot) ?? startFailed(new Error("the snapshot that it was to start from is gone"));
}

function startFailed(error: Error): never {
  throw new StartFailure(error.message, error, error instanceof BootFailure ? error.output : []);
}
