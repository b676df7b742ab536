/**
 * Runs machines as real VMs: clones of a template, each a confined QEMU. docs/drivers-qemu.md has the measurements behind it.
 *
 * Owns the jail, the templates and the machines; close() ends them all.
 */
import fs from "node:fs";

import type { Clock } from "../../base/clock/clock.ts";
import { within } from "../../base/clock/within.ts";
import { MayflyError } from "../../base/errors/error.ts";
import { closeCgroups, sweepCgroups } from "../host/cgroup/create-cgroup.ts";
import { type Driver, type Machine, type MachineSize, type Probe, usualSize } from "../driver.ts";
import { StartFailure } from "../exit.ts";
import { chooseAccelerator, type Verdict } from "./accelerator.ts";
import { BootFailure, withBootedGuest } from "./boot.ts";
import { startClone } from "./clone.ts";
import { type Confinement, createConfinement } from "./confinement.ts";
import type { BootImage, GuestKernel, MachineShape } from "./guest-kernel.ts";
import { createImageWatch } from "./image-watch.ts";
import { type HostFacts, readHostFacts } from "./host-facts.ts";
import { createTemplates, type Templates } from "./templates.ts";

export interface QemuDriverOptions {
  /** A sound one. Asked for when first needed, and again where `damageOf` found that what it gave is damaged. */
  image: () => Promise<BootImage>;
  /** Reads the image, and says what is wrong with it, as a clause. Asked where a machine's end hints at it; where absent, nothing is looked at. */
  damageOf?: ((image: BootImage) => Promise<string | undefined>) | undefined;
  /** What the image is of. */
  guest: GuestKernel;
  /** Templates and the verdict on KVM are kept here. */
  cacheDir: string;
  /** The machines' root folder is made here, of hard links. */
  runDir: string;
  clock: Clock;
  /** The root folder that QEMU is taken from; the host's own where absent. */
  qemuRoot?: string | undefined;
  /** Told what is wrong with a template, and what is done about it. */
  warn?: ((text: string) => void) | undefined;
  /** CPU that boots took, for templates and the trial of KVM: microseconds. */
  onCpuUsed?: ((cpuUs: number) => void) | undefined;
}

/** What the first use finds out, and the rest works with. */
interface Host {
  facts: HostFacts;
  verdict: Verdict;
  confinement: Confinement;
  /** Another one where the image was damaged and is mended. */
  started: Started;
}

/** What machines start from. */
interface Started {
  image: BootImage;
  templates: Templates;
  /** Descriptor of the image's root. */
  root: number;
}

const KVM_TRIAL_MS = 6_000;
const IMAGE_MS = 20_000;
const CURE = "Install it: apt-get install qemu-system-x86 (or let `mayfly demo` do so).";

export function createQemuDriver(options: QemuDriverOptions): Driver {
  const machines = new Set<Machine>();
  let opening: Promise<Host> | undefined;
  const host = () => (opening ??= openHost(options).catch(forget));
  const forget = (error: unknown): never => {
    opening = undefined; // a later call tries again
    throw error;
  };

  const watch = createImageWatch({
    clock: options.clock,
    look: async () => {
      const opened = await opening;
      return opened && options.damageOf?.(asOpen(opened.started));
    },
    mend: async () => {
      const mine = opening;
      const opened = await mine;
      await Promise.all([...machines].map((machine) => machine.kill()));
      const started = opened && (await openImage(options, opened));
      if (started === undefined) return;
      // A driver that was closed meanwhile has closed the old one.
      if (opening !== mine) return closeImage(started);
      closeImage(opened!.started);
      opened!.started = started;
    },
    warn: (text) => options.warn?.(text),
  });
  /** No machine starts from what is damaged, or was when its start began. */
  const refuse = (opened: Host, started: Started) => {
    try {
      watch.refuse();
    } catch (error) {
      startFailed(error as Error);
    }
    if (opened.started !== started) startFailed(new Error("the image that it was to start from was damaged, and is put right by now"));
  };

  return {
    name: "qemu",
    damage: () => watch.damage(),
    probe: () => probe(options, host),
    async prepare(progress, size) {
      await sweepCgroups();
      const { started, verdict } = await host();
      await started.templates.get(shapeOf(options, verdict, size), progress);
    },
    async start(spec) {
      const opened = await host().catch(startFailed);
      const { started, verdict, confinement } = opened;
      refuse(opened, started);
      const shape = shapeOf(options, verdict, spec);
      const template = await started.templates
        .get(shape, () => undefined)
        .catch(async (error: Error) => {
          await watch.suspect();
          refuse(opened, started);
          return startFailed(error);
        });
      refuse(opened, started);
      const tried = (worked: boolean) => {
        started.templates.tried(shape, template, worked);
        if (!worked) void watch.suspect();
      };
      const { root } = started;
      const machine = await startClone({ spec, shape, template, root, confinement, clock: options.clock, tried, watch });
      machines.add(machine);
      void machine.exited.then(() => machines.delete(machine));
      if (opened.started !== started || watch.damage() !== undefined) await machine.kill();
      refuse(opened, started);
      return machine;
    },
    async close() {
      await Promise.all([...machines].map((machine) => machine.kill()));
      closeCgroups();
      const opened = await opening?.catch(() => undefined);
      opening = undefined;
      if (opened === undefined) return;
      closeImage(opened.started);
      opened.confinement.remove();
    },
  };
}

async function probe({ clock, guest }: QemuDriverOptions, host: () => Promise<Host>): Promise<Probe> {
  try {
    const { facts, verdict, confinement } = await within(clock, IMAGE_MS, "making the guests' image", host());
    const chosen = verdict.accelerator === "kvm" ? "KVM" : "TCG (software emulation)";
    const kernel = guest.name === "osv" ? ", OSv guests" : "";
    return { ok: true, detail: `QEMU ${facts.qemuVersion} with ${chosen}${kernel}: ${verdict.why}; ${confinement.detail}` };
  } catch (error) {
    const cure = error instanceof MayflyError ? error.cure : "Run `mayfly image build`, then try again.";
    return { ok: false, reason: (error as Error).message, cure };
  }
}

async function openHost(options: QemuDriverOptions): Promise<Host> {
  const facts = await readHostFacts(options.qemuRoot);
  if (facts === undefined) throw new MayflyError("missing-part", { part: "QEMU", reason: "there is no qemu-system-x86_64", cure: CURE });
  const image = await options.image();
  const confinement = createConfinement(facts, options.runDir);
  const boot = { image, confinement, clock: options.clock, onCpuUsed: options.onCpuUsed };
  const shape: MachineShape = { guest: options.guest, accelerator: "kvm", ...usualSize };
  const verdict = await chooseAccelerator(options.cacheDir, facts, image.kernel, () =>
    withBootedGuest({ ...boot, shape, tscKhz: facts.tscKhz, deadlineMs: KVM_TRIAL_MS }, async ({ host, memory }) => {
      host.close();
      fs.closeSync(memory);
    }),
  );
  return { facts, verdict, confinement, started: startedFrom(image, options, { facts, confinement }) };
}

async function openImage(options: QemuDriverOptions, host: Pick<Host, "facts" | "confinement">): Promise<Started> {
  return startedFrom(await options.image(), options, host);
}

function startedFrom(image: BootImage, options: QemuDriverOptions, { facts, confinement }: Pick<Host, "facts" | "confinement">): Started {
  const { cacheDir, clock, onCpuUsed, warn = () => undefined } = options;
  const templates = createTemplates({ image, confinement, clock, onCpuUsed, cacheDir, facts, warn });
  return { image, templates, root: fs.openSync(image.root, "r") };
}

function closeImage({ templates, root }: Started): void {
  templates.close();
  fs.closeSync(root);
}

/** With the root that machines have: another may lie in its place by now. */
function asOpen({ image, root }: Started): BootImage {
  return { ...image, root: `/proc/self/fd/${root}` };
}

/** Nothing else of what is passed may get into a template's key. */
function shapeOf({ guest }: QemuDriverOptions, { accelerator }: Verdict, { memoryMb, vcpus }: MachineSize): MachineShape {
  return { guest, accelerator, memoryMb, vcpus };
}

function startFailed(error: Error): never {
  throw new StartFailure(error.message, error, error instanceof BootFailure ? error.output : []);
}
