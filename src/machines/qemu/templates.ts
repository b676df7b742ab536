/**
 * The templates of one driver, one for each size of machine: loaded from the cache, or built there.
 *
 * Owns a sealed memory file and the state of each template that was asked for, until close().
 * Invariant: a template is only ever used with the QEMU, host and image that it was made with, as its key names them all.
 */
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";

import { buildTemplate, type FrozenMachine } from "./build-template.ts";
import type { BootOptions } from "./boot.ts";
import { bootArguments, cloneArguments, type MachineShape } from "./command-line.ts";
import { withFileLock } from "./file-lock.ts";
import type { HostFacts } from "./host-facts.ts";
import { createMemoryFile } from "./libc.ts";
import { loadTemplate, pruneTemplates, saveTemplate } from "./template-files.ts";

export interface Template {
  /** Descriptors of sealed memory files. */
  memory: number;
  state: number;
}

export interface Templates {
  /** Takes seconds where it must be built. */
  get(shape: MachineShape, progress: (step: string) => void): Promise<Template>;
  close(): void;
}

export type TemplatesOptions = Omit<BootOptions, "shape" | "deadlineMs" | "tscKhz"> & { cacheDir: string; facts: HostFacts };

const WEEK_MS = 7 * 86_400_000;

export function createTemplates(options: TemplatesOptions): Templates {
  const folder = path.join(options.cacheDir, "qemu-templates");
  const wanted = new Map<string, Promise<Template>>();
  // Looked at once: a server's later starts are not to wait for a new template.
  const week = Math.floor(options.clock.wall() / WEEK_MS);
  return {
    get(shape, progress) {
      const key = templateKey(options, shape, week);
      const template = wanted.get(key) ?? provide(path.join(folder, key), options, shape, progress);
      wanted.set(key, template);
      template.catch(() => wanted.delete(key)); // a later start tries again
      return template;
    },
    close() {
      for (const template of wanted.values())
        void template.then(
          ({ memory, state }) => [memory, state].forEach((fd) => fs.closeSync(fd)),
          () => undefined,
        );
      wanted.clear();
    },
  };
}

/** @param week counts where the guest's clock cannot be set: its template may not be older */
export function templateKey({ image, facts }: Pick<TemplatesOptions, "image" | "facts">, shape: MachineShape, week: number): string {
  const lines = [bootArguments(shape, "boot", facts.tscKhz, image.initrd !== undefined), cloneArguments(shape, "clone")];
  return createHash("sha256")
    .update(JSON.stringify({ lines, image: image.id, facts, shape, week: shape.guest.clockCanBeSet ? 0 : week }))
    .digest("hex");
}

async function provide(file: string, options: TemplatesOptions, shape: MachineShape, progress: (step: string) => void): Promise<Template> {
  fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const frozen = await withFileLock(`${file}.lock`, async () => {
    return (await loadTemplate(file)) ?? (await buildAndSave(file, options, shape, progress));
  });
  return { memory: frozen.memory, state: stateFile(frozen.state) };
}

async function buildAndSave(
  file: string,
  options: TemplatesOptions,
  shape: MachineShape,
  progress: (step: string) => void,
): Promise<FrozenMachine> {
  progress(`making the template of machines with ${shape.memoryMb} MB (${shape.guest.name}, ${shape.accelerator})`);
  const frozen = await buildTemplate({ ...options, shape, tscKhz: options.facts.tscKhz }, progress);
  await saveTemplate(file, frozen, options.image.id);
  pruneTemplates(path.dirname(file));
  return frozen;
}

function stateFile(state: Buffer): number {
  const fd = createMemoryFile("mayfly-state");
  fs.writeSync(fd, state);
  return fd;
}
