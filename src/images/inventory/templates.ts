/**
 * The driver's templates, as far as they concern images and people: `<cacheDir>/qemu-templates/<key>/image` records the image from which each was
 * made, and `shape` the machines that start from it.
 */
import { existsSync } from "node:fs";
import { readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

/** A template as people see it. Templates that an older Mayfly made do not say what they are of. */
export interface TemplateListed {
  /** The id of the image that it was made from. */
  image: string;
  /** MB of the machines that start from it. */
  memoryMb: number;
  runtime: string | null;
  kernel: string | null;
  vcpus: number | null;
  accelerator: string | null;
  /** What it takes on the disk: empty pages of the memory are not stored. */
  bytes: number;
  /** Milliseconds since the epoch. */
  madeAt: number;
  /** When a server loaded it last. */
  usedAt: number;
}

/** The ids of images from which templates were made. */
export async function idsOfTemplates(cacheDir: string): Promise<string[]> {
  return (await templates(cacheDir)).map(({ image }) => image);
}

export async function removeTemplatesOf(cacheDir: string, id: string): Promise<void> {
  const made = (await templates(cacheDir)).filter(({ image }) => image === id);
  for (const { folder } of made) await rm(folder, { recursive: true, force: true });
}

/** The one that was used last comes first. One that is removed meanwhile is left out. */
export async function listTemplates(cacheDir: string): Promise<TemplateListed[]> {
  const found = await Promise.allSettled((await templates(cacheDir)).map(({ folder, image }) => described(folder, image)));
  const listed = found.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  return listed.toSorted((a, b) => b.usedAt - a.usedAt);
}

const sizesSchema = z.object({ memory: z.object({ bytes: z.int() }) });
const shapeSchema = z.object({ runtime: z.string(), kernel: z.string(), vcpus: z.int(), accelerator: z.string() });

async function described(folder: string, image: string): Promise<TemplateListed> {
  const [text, folderStat, memory, state] = await Promise.all([
    readFile(join(folder, "template.json"), "utf8"),
    stat(folder),
    stat(join(folder, "memory")),
    stat(join(folder, "state")),
  ]);
  const shape = await readFile(join(folder, "shape"), "utf8").then(
    (said) => shapeSchema.parse(JSON.parse(said)),
    () => ({ runtime: null, kernel: null, vcpus: null, accelerator: null }),
  );
  const { runtime, kernel, vcpus, accelerator } = shape;
  return {
    image,
    memoryMb: Math.round(sizesSchema.parse(JSON.parse(text)).memory.bytes / 2 ** 20),
    runtime,
    kernel,
    vcpus,
    accelerator,
    bytes: (memory.blocks + state.blocks) * 512,
    madeAt: Math.trunc(state.mtimeMs),
    usedAt: Math.trunc(folderStat.mtimeMs),
  };
}

async function templates(cacheDir: string): Promise<{ folder: string; image: string }[]> {
  const all = join(cacheDir, "qemu-templates");
  if (!existsSync(all)) return [];
  const folders = (await readdir(all)).map((name) => join(all, name)).filter((folder) => existsSync(join(folder, "image")));
  return Promise.all(folders.map(async (folder) => ({ folder, image: (await readFile(join(folder, "image"), "utf8")).trim() })));
}
