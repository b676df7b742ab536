/**
 * Templates on disk. Each is a folder with the guest's memory (sparse), QEMU's state, the id of the image, and a description by which
 * damage is noticed. A folder appears completely or not at all; what happens to it later is found out when it is loaded.
 */
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import * as z from "zod";

import type { FrozenMachine } from "./build-template.ts";
import { createMemoryFile, makeImmutable } from "../../base/libc/libc.ts";
import { copySparse } from "./sparse-copy.ts";

/**
 * How many templates are kept, of all images, sizes and states of the host together. Each takes some 130 MB. With fewer, a host whose apps have
 * several runtimes and sizes would boot one of them anew at each start of the server, and a boot takes seconds, in emulation ten to twenty. They are more than
 * a server holds in memory (the setting maxKinds), so that one that was given up there is still here.
 */
const KEPT = 32;

/** A template of an app has the app's secrets in its memory. */
const PRIVATE = 0o600;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const descriptionSchema = z.object({
  /** The folder's name, which is a digest of everything that the template depends on. */
  key: z.string(),
  memory: z.object({ bytes: z.int().positive(), sha256 }),
  state: z.object({ bytes: z.int().positive(), sha256 }),
});
type Description = z.infer<typeof descriptionSchema>;

export interface LoadedTemplate extends FrozenMachine {
  /** A digest of all its bytes, which tells it from another template of the same key. */
  digest: string;
}

/** A template that exists but is not what was saved. The message is the end of the sentence "The template … is damaged: …". */
export class DamagedTemplate extends Error {}

/** Resolves with undefined if there is none. Rejects with DamagedTemplate. Marks the template as used just now. */
export async function loadTemplate(folder: string): Promise<LoadedTemplate | undefined> {
  if (!fs.existsSync(folder)) return undefined;
  try {
    return await load(folder);
  } catch (error) {
    // Only an error at the folder's own files counts as damage. A lack of memory or descriptors in this process does not.
    const { path: file, code } = error as NodeJS.ErrnoException;
    const own = file?.startsWith(folder) === true && !["EMFILE", "ENFILE", "ENOMEM"].includes(code ?? "");
    if (own || code === "EIO" || code === "EISDIR") throw new DamagedTemplate((error as Error).message, { cause: error });
    throw error;
  }
}

async function load(folder: string): Promise<LoadedTemplate> {
  const now = new Date();
  fs.utimesSync(folder, now, now);
  const description = readDescription(folder);
  const state = await readState(path.join(folder, "state"), description);
  const memory = await readMemory(path.join(folder, "memory"), description);
  return { memory, state, digest: digestOf(description) };
}

function readDescription(folder: string): Description {
  const text = fs.readFileSync(path.join(folder, "template.json"), "utf8");
  const parsed = descriptionSchema.safeParse(parseJson(text));
  if (!parsed.success) throw new DamagedTemplate("its description is not valid");
  if (parsed.data.key !== path.basename(folder)) throw new DamagedTemplate("it is the template of something else");
  return parsed.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the description does not match the schema
  }
}

async function readState(file: string, { state: { bytes, sha256 } }: Description): Promise<Buffer> {
  const { size } = fs.statSync(file);
  if (size !== bytes) throw new DamagedTemplate(`its state has ${size} bytes, not ${bytes}`);
  const state = await fs.promises.readFile(file);
  if (hashOf(state) !== sha256) throw new DamagedTemplate("its state is not as it was saved");
  return state;
}

async function readMemory(name: string, { memory: { bytes, sha256 } }: Description): Promise<number> {
  await using file = await fs.promises.open(name, "r");
  const { size } = await file.stat();
  if (size !== bytes) throw new DamagedTemplate(`its memory has ${size} bytes, not ${bytes}`);
  const memory = createMemoryFile("mayfly-template");
  try {
    if ((await copySparse(file.fd, memory)) !== sha256) throw new DamagedTemplate("its memory is not as it was saved");
    makeImmutable(memory);
    return memory;
  } catch (error) {
    fs.closeSync(memory);
    throw error;
  }
}

/**
 * Saves a template, replacing the one that exists. Resolves with the digest of what was saved.
 * @param image id of the image that the template needs: while the template exists, `mayfly image prune` keeps the image
 * @param notes further files, by name
 * @param gone ends it before the folder appears: it then rejects with the signal's reason. Until it has, its unfinished folder is its own
 */
export async function saveTemplate(
  folder: string,
  { memory, state }: FrozenMachine,
  image: string,
  notes: Record<string, string> = {},
  gone?: AbortSignal,
): Promise<string> {
  const unfinished = `${folder}.${process.pid}`;
  fs.rmSync(unfinished, { recursive: true, force: true });
  fs.mkdirSync(unfinished, { mode: 0o700 });
  try {
    const description = await write(unfinished, path.basename(folder), { memory, state }, { ...notes, image: `${image}\n` });
    gone?.throwIfAborted();
    fs.rmSync(folder, { recursive: true, force: true });
    fs.renameSync(unfinished, folder);
    return digestOf(description);
  } catch (error) {
    fs.rmSync(unfinished, { recursive: true, force: true });
    throw error;
  }
}

async function write(
  unfinished: string,
  key: string,
  { memory, state }: FrozenMachine,
  notes: Record<string, string>,
): Promise<Description> {
  for (const [name, text] of Object.entries(notes)) await fs.promises.writeFile(path.join(unfinished, name), text, { mode: PRIVATE });
  await using stateFile = await fs.promises.open(path.join(unfinished, "state"), "w", PRIVATE);
  await stateFile.writeFile(state);
  await stateFile.datasync();
  await using memoryFile = await fs.promises.open(path.join(unfinished, "memory"), "w", PRIVATE);
  const memorySha256 = await copySparse(memory, memoryFile.fd);
  await memoryFile.datasync();
  const description: Description = {
    key,
    memory: { bytes: fs.fstatSync(memory).size, sha256: memorySha256 },
    state: { bytes: state.length, sha256: hashOf(state) },
  };
  await fs.promises.writeFile(path.join(unfinished, "template.json"), `${JSON.stringify(description)}\n`, { flush: true, mode: PRIVATE });
  return description;
}

function digestOf({ memory, state }: Description): string {
  return `${memory.sha256} ${state.sha256}`;
}

function hashOf(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Removes the templates that were not used for longest, and what a build that was killed has left. The caller holds a template's lock. */
export function pruneTemplates(parent: string): void {
  const folders = fs.readdirSync(parent, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const byUse = folders.map(({ name }) => ({ folder: path.join(parent, name), used: fs.statSync(path.join(parent, name)).mtimeMs }));
  for (const { folder } of byUse.toSorted((a, b) => b.used - a.used).slice(KEPT)) fs.rmSync(folder, { recursive: true, force: true });
}
