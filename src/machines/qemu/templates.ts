/**
 * The templates of one image, one for each size of machine: loaded from the cache, or built there.
 *
 * Owns an immutable memory file and the state of each template that was asked for, until close().
 * 1. A template is only ever used with the QEMU, host and image that it was made with, as its key names them all.
 * 2. A template is loaded only if it is what was saved, to the byte; else it is made anew.
 * 3. A template whose clones fail one after the other is thrown away, whatever the reason, and made anew when it is next asked for.
 */
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";

import { buildTemplate, warmth } from "./build-template.ts";
import type { BootOptions } from "./boot.ts";
import { bootArguments, cloneArguments } from "./command-line.ts";
import { withFileLock } from "../host/file-lock.ts";
import type { HostFacts } from "../host/qemu/host-facts.ts";
import { guarded } from "../../base/errors/guarded.ts";
import { createMemoryFile } from "../../base/libc/libc.ts";
import { createTrials, type Trials } from "./template-trials.ts";
import { DamagedTemplate, type LoadedTemplate, loadTemplate, pruneTemplates, saveTemplate } from "./template-files.ts";
import type { MachineShape } from "./guest-kernel.ts";

export interface Template {
  /** Descriptors of immutable memory files. */
  memory: number;
  state: number;
  /** A digest of all its bytes, which tells it from another template of the same key. */
  digest: string;
}

export interface Templates {
  /** Takes seconds if the template must be built. */
  get(shape: MachineShape, progress: (step: string) => void): Promise<Template>;
  /** Called with whether the agent of a clone came up. */
  tried(shape: MachineShape, template: Template, worked: boolean): void;
  /** Forgets the template, whose copy on the disk stays. The next get() loads it again. */
  release(shape: MachineShape): void;
  close(): void;
}

export type TemplatesOptions = Omit<BootOptions, "shape" | "deadlineMs" | "tscKhz"> & {
  cacheDir: string;
  facts: HostFacts;
  /** Called with a sentence on what is wrong with a template and on what is done about it. */
  warn: (text: string) => void;
};

type Build = typeof buildTemplate;

const WEEK_MS = 7 * 86_400_000;

/** @param build makes a template; by a real boot unless a test passes something else */
export function createTemplates(options: TemplatesOptions, build: Build = buildTemplate): Templates {
  const folder = path.join(options.cacheDir, "qemu-templates");
  const wanted = new Map<string, Wanted>();
  // The week is read once, so that machines that start when a new week begins need not wait for a new template.
  const week = Math.floor(options.clock.wall() / WEEK_MS);
  const keyOf = (shape: MachineShape) => templateKey(options, shape, week);
  const wantedOf = (shape: MachineShape) => {
    const key = keyOf(shape);
    const known = wanted.get(key) ?? { file: path.join(folder, key), trials: createTrials(options.clock), distrusted: undefined };
    wanted.set(key, known);
    return known;
  };
  return {
    get(shape, progress) {
      const one = wantedOf(shape);
      const template = (one.template ??= provide(one, { ...options, build }, shape, progress));
      template.catch(() => (one.template = undefined)); // a later start tries again
      return template;
    },
    tried(shape, template, worked) {
      const one = wantedOf(shape);
      // The clone was started from a template that was thrown away meanwhile, and says nothing of the present one.
      if (one.current !== template) return;
      const inARow = one.trials.told(worked);
      if (inARow === undefined) return;
      options.warn(`${inARow} machines in a row did not come up from ${nameOf(shape)}: it is thrown away, and made anew for the next`);
      one.distrusted = template.digest;
      one.template = undefined;
      one.current = undefined;
      closeLater(template);
    },
    release(shape) {
      const key = keyOf(shape);
      void wanted.get(key)?.template?.then(closeLater, () => undefined);
      wanted.delete(key);
    },
    close() {
      for (const { template } of wanted.values()) void template?.then(closeTemplate, () => undefined);
      wanted.clear();
    },
  };
}

/** What is known about one key. */
interface Wanted {
  file: string;
  template?: Promise<Template> | undefined;
  /** The value that `template` resolved with. */
  current?: Template | undefined;
  trials: Trials;
  /** The digest of the template that was thrown away last. */
  distrusted: string | undefined;
}

/**
 * Closes the descriptors in the next turn of the event loop, because a caller that was just given the template opens them again within this
 * turn.
 */
export function closeLater(template: Template): void {
  setImmediate(
    guarded(closeTemplate, () => undefined), // it was closed already
    template,
  );
}

export function closeTemplate({ memory, state }: Template): void {
  for (const fd of [memory, state]) fs.closeSync(fd);
}

function nameOf(shape: MachineShape): string {
  return `the template of machines with ${shape.memoryMb} MB (${shape.runtime} on ${shape.guest.name}, ${shape.accelerator})`;
}

/** @param week part of the key only if the guest's clock cannot be set, because such a template may not be older than a week */
export function templateKey({ image, facts }: Pick<TemplatesOptions, "image" | "facts">, shape: MachineShape, week: number): string {
  const lines = [bootArguments(shape, "boot", facts.tscKhz, image.initrd !== undefined), cloneArguments(shape, "clone")];
  return createHash("sha256")
    .update(JSON.stringify({ lines, image: image.id, facts, warmth, shape, week: shape.guest.clockCanBeSet ? 0 : week }))
    .digest("hex");
}

async function provide(
  one: Wanted,
  options: TemplatesOptions & { build: Build },
  shape: MachineShape,
  progress: (step: string) => void,
): Promise<Template> {
  const { file, distrusted } = one;
  fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const frozen = await withFileLock(`${file}.lock`, async () => {
    return (await loadSound(file, distrusted, shape, options)) ?? (await buildAndSave(file, options, shape, progress));
  });
  one.current = memoryTemplate(frozen);
  return one.current;
}

/** Resolves with undefined if no template may be used. Another server may have made a new one in place of the one that is distrusted here. */
async function loadSound(file: string, distrusted: string | undefined, shape: MachineShape, { warn }: TemplatesOptions) {
  try {
    const loaded = await loadTemplate(file);
    if (loaded === undefined || loaded.digest !== distrusted) return loaded;
    fs.closeSync(loaded.memory);
  } catch (error) {
    if (!(error instanceof DamagedTemplate)) throw error;
    warn(`${nameOf(shape)} is damaged (${error.message}): it is made anew`);
  }
  fs.rmSync(file, { recursive: true, force: true });
  return undefined;
}

async function buildAndSave(
  file: string,
  options: TemplatesOptions & { build: Build },
  shape: MachineShape,
  progress: (step: string) => void,
) {
  progress(`making ${nameOf(shape)}`);
  const frozen = await options.build({ ...options, shape, tscKhz: options.facts.tscKhz }, progress);
  try {
    const digest = await saveTemplate(file, frozen, options.image.id, { shape: shapeInWords(shape) });
    pruneTemplates(path.dirname(file));
    return { ...frozen, digest };
  } catch (error) {
    // The disk may be full, for example. Machines start from the template in memory all the same.
    options.warn(`${nameOf(shape)} could not be saved (${(error as Error).message}): the next server will have to make it anew`);
    return { ...frozen, digest: "unsaved" };
  }
}

/** For lists of templates: see images/inventory/templates.ts. */
function shapeInWords({ guest, accelerator, runtime, vcpus }: MachineShape): string {
  return JSON.stringify({ runtime, kernel: guest.name, vcpus, accelerator });
}

/** What clones start from. */
export function memoryTemplate({ memory, state, digest }: LoadedTemplate): Template {
  return { memory, state: stateFile(state), digest };
}

function stateFile(state: Buffer): number {
  const fd = createMemoryFile("mayfly-state");
  fs.writeSync(fd, state);
  return fd;
}
