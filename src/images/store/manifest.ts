/** A store's record of an image: its description, and the chunks of its files. A schema checks it, because a store may contain anything. */
import { z } from "zod";
import { MayflyError } from "../../base/errors/error.ts";
import { firstIssue } from "../../base/errors/schema-issue.ts";
import { descriptionSchema } from "../description.ts";
import { type ImageDescription, imageId } from "../image.ts";
import { LEAST_BYTES, MOST_BYTES } from "./chunks.ts";

/** Control characters would steer a terminal. */
const printable = z.string().regex(/^\P{Cc}*$/u, "must be text without control characters");

const manifestSchema = z.strictObject({
  format: z.literal(1),
  image: descriptionSchema(printable),
  /** Each file's chunks in order: sha256 and size. They are checked separately, because there may be a hundred thousand. */
  files: z.strictObject({ kernel: z.unknown(), initrd: z.unknown(), root: z.unknown() }),
});

export interface Manifest {
  format: 1;
  image: ImageDescription;
  files: Record<"kernel" | "initrd" | "root", [sha256: string, bytes: number][]>;
}
export type ImageFile = keyof Manifest["files"];

export const imageFiles: ImageFile[] = ["kernel", "initrd", "root"];

/** The text length of one chunk in a manifest: sha256, size, brackets, quotes and commas. */
const CHUNK_TEXT = 80;
const DESCRIPTION_TEXT = 4 << 20;

/** The maximum size of the manifest of an image of up to `imageBytes`. */
export function manifestBytes(imageBytes: number): number {
  return Math.min(64 << 20, DESCRIPTION_TEXT + Math.ceil(imageBytes / LEAST_BYTES) * CHUNK_TEXT);
}

export function manifestPath(name: string): string {
  return `images/${name}.json`;
}

/** Chunks are compressed by zstd; the name is the hash of the uncompressed bytes. */
export function chunkPath(sha256: string): string {
  return `chunks/${sha256.slice(0, 2)}/${sha256}.zst`;
}

/** Throws "store-damaged" if the text is not a valid manifest, or contradicts the id of its image. */
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
    throw fail(`is not a manifest of an image: ${key} ${what}`);
  }
  // Keys that the schema does not know are dropped: they would otherwise go into the cache unchecked.
  const manifest = parsed.data as Manifest;
  for (const file of imageFiles) {
    const fault = faultOfChunks(manifest.files[file], manifest.image.size[file]);
    if (fault !== undefined) throw fail(`is not a manifest of an image: the parts of its ${file} ${fault}`);
  }
  if (imageId(manifest.image.sha256, manifest.image.run) !== manifest.image.id) throw fail("gives the image an id that is not its own");
  return manifest;
}

function faultOfChunks(chunks: unknown, expected: number): string | undefined {
  if (!Array.isArray(chunks)) return "are not a list";
  let sum = 0;
  for (const chunk of chunks as unknown[]) {
    if (!isChunk(chunk)) return `must be a sha256 in hex and a size of 1 to ${MOST_BYTES} each`;
    sum += chunk[1];
  }
  return sum === expected ? undefined : `have ${sum} bytes together, and it has ${expected}`;
}

function isChunk(value: unknown): value is [string, number] {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [name, bytes] = value as unknown[];
  return (
    typeof name === "string" &&
    /^[0-9a-f]{64}$/.test(name) &&
    Number.isInteger(bytes) &&
    (bytes as number) >= 1 &&
    (bytes as number) <= MOST_BYTES
  );
}
