/** What a store says of an image: its description, and the chunks of its files. Parsed by a schema, as a store may hold anything. */
import { z } from "zod";
import { MayflyError } from "../../errors/error.ts";
import { firstIssue } from "../../errors/schema-issue.ts";
import { type ImageDescription, imageId } from "../image.ts";
import { MOST_BYTES } from "./chunks.ts";

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "must be a sha256 in hex");
const chunks = z.array(z.tuple([sha256, z.int().min(1).max(MOST_BYTES)]));

const manifestSchema = z.strictObject({
  format: z.literal(1),
  image: z.looseObject({
    id: sha256,
    run: z
      .strictObject({
        env: z.record(z.string(), z.string()),
        cwd: z.string(),
        init: z.array(z.array(z.string())),
        command: z.array(z.string()),
      })
      .nullable(),
    sha256: z.strictObject({ kernel: sha256, initrd: sha256, root: sha256 }),
    // The rest is for people; it only has to have the shape that commands show.
    kernelVersion: z.string(),
    nodeVersion: z.string().nullable(),
    modules: z.array(z.looseObject({ name: z.string() })),
    packages: z.array(z.looseObject({ name: z.string(), version: z.string() })),
    size: z.strictObject({ kernel: z.int(), initrd: z.int(), root: z.int() }),
    builtAt: z.string(),
  }),
  /** Each file's chunks in order: sha256 and size. */
  files: z.strictObject({ kernel: chunks, initrd: chunks, root: chunks }),
});

export type Manifest = Omit<z.infer<typeof manifestSchema>, "image"> & { image: ImageDescription };
export type ImageFile = keyof Manifest["files"];

export const imageFiles: ImageFile[] = ["kernel", "initrd", "root"];

/** Of this, a store's manifest is never larger. */
export const MANIFEST_BYTES = 64 << 20;

export function manifestPath(name: string): string {
  return `images/${name}.json`;
}

/** Compressed by zstd; the name is of what is inside. */
export function chunkPath(sha256: string): string {
  return `chunks/${sha256.slice(0, 2)}/${sha256}.zst`;
}

/** Throws "store-damaged" where it is no manifest, or says something else than its image's id stands for. */
export function parseManifest(text: string, store: string, path: string): Manifest {
  const fail = (what: string) => new MayflyError("store-damaged", { store, what: `${path} ${what}` });
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch (error) {
    throw new MayflyError("store-damaged", { store, what: `${path} is no JSON: ${(error as Error).message}` }, error);
  }
  const parsed = manifestSchema.safeParse(given);
  if (!parsed.success) {
    const { key, what } = firstIssue(parsed.error, given);
    throw fail(`is no manifest of an image: ${key} ${what}`);
  }
  const manifest = given as Manifest;
  if (imageId(manifest.image.sha256, manifest.image.run) !== manifest.image.id) throw fail("gives the image an id that is not its own");
  return manifest;
}
