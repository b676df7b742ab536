/**
 * Build steps, stored by content: `<cacheDir>/steps/<key>/`, where the key is a hash of all the step's inputs. A step appears as a whole,
 * by one rename, and never changes.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { moveUnlessThere, withDraftFolder } from "../draft-folder.ts";
import type { Contents } from "./root-draft.ts";

export interface Step {
  /** The folder with the step's result. */
  tree: string;
  contents: Contents;
  /** Whether the step was made just now. */
  fresh: boolean;
}

const contents = z.record(z.string(), z.object({ files: z.int(), bytes: z.int() }));

export function stepsFolder(cacheDir: string): string {
  return join(cacheDir, "steps");
}

export function keyOf(inputs: unknown): string {
  return createHash("sha256").update(JSON.stringify(inputs)).digest("hex");
}

/** Returns the step with this key: from the cache, or made by `make` in a new folder. */
export async function cachedStep(cacheDir: string, key: string, make: (tree: string) => Promise<Contents>): Promise<Step> {
  const place = join(stepsFolder(cacheDir), key);
  const found = await read(place);
  if (found !== undefined) return { tree: join(place, "tree"), contents: found, fresh: false };
  await mkdir(stepsFolder(cacheDir), { recursive: true });
  const contents = await withDraftFolder(stepsFolder(cacheDir), async (draft) => {
    const made = await make(join(draft, "tree"));
    await writeFile(join(draft, "step.json"), `${JSON.stringify(made)}\n`);
    await chmod(draft, 0o755);
    await publish(draft, place);
    return made;
  });
  return { tree: join(place, "tree"), contents, fresh: true };
}

/** Removes steps, which are made again when next requested. */
export async function forgetSteps(cacheDir: string, keys: string[]): Promise<void> {
  for (const key of keys) await rm(join(stepsFolder(cacheDir), key), { recursive: true, force: true });
}

async function read(place: string): Promise<Contents | undefined> {
  const file = join(place, "step.json");
  if (!existsSync(file)) return undefined;
  try {
    return contents.parse(JSON.parse(await readFile(file, "utf8")));
  } catch {
    // A damaged step counts as missing, so it is made again.
    return undefined;
  }
}

async function publish(draft: string, place: string): Promise<void> {
  if ((await read(place)) === undefined) await rm(place, { recursive: true, force: true });
  await moveUnlessThere(draft, place);
}
