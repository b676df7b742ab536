/**
 * The zip files of functions and layers, each once, by its SHA-256.
 *
 * 1. A file is written beside its place and renamed, so that a file which is there is whole.
 * 2. A file is removed when no record refers to it any more and nobody has just stored it: between keep() and the record's writing it stays.
 */
import { randomUUID, createHash } from "node:crypto";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { type FileHandle, open, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { MayflyError } from "../../base/errors/error.ts";
import { failureOf } from "../sqlite/failure.ts";
import type { Zips } from "./lambda-store.ts";
import type { ZipCode } from "./records.ts";

/** How long a file that was just stored may wait for its record. */
const NEW_MS = 600_000;

export interface ZipsOptions {
  folder: string;
  isUsed: (digest: string) => boolean;
  now: () => number;
}

export function openZips({ folder, isUsed, now }: ZipsOptions): Zips {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const stored = new Map<string, number>();
  const placeOf = (digest: string) => join(folder, digest);
  // A killed server may have left files that no record refers to.
  for (const name of readdirSync(folder)) if (!isUsed(name)) rmSync(placeOf(name), { force: true });

  return {
    async keep(bytes) {
      const hash = createHash("sha256").update(bytes).digest();
      const code: ZipCode = { digest: hash.toString("hex"), size: bytes.length, sha256: hash.toString("base64") };
      stored.set(code.digest, now());
      const place = placeOf(code.digest);
      if ((await stat(place).catch(() => undefined))?.size !== bytes.length) await write(place, bytes);
      return code;
    },
    async read({ digest }) {
      const place = placeOf(digest);
      const bytes = await readFile(place).catch((error: unknown) => {
        throw damaged(place, error);
      });
      if (createHash("sha256").update(bytes).digest("hex") !== digest) throw damaged(place);
      return bytes;
    },
    async stream({ digest }) {
      const place = placeOf(digest);
      const file = await open(place).catch((error: unknown) => {
        throw damaged(place, error);
      });
      return whole(file, place, digest);
    },
    release(codes) {
      for (const [digest, at] of stored) if (now() - at > NEW_MS) stored.delete(digest);
      for (const code of codes)
        if (code !== null && !stored.has(code.digest) && !isUsed(code.digest)) rmSync(placeOf(code.digest), { force: true });
    },
  };
}

/** The file's bytes; throws at their end if they are not what was stored. */
async function* whole(file: FileHandle, place: string, digest: string): AsyncGenerator<Buffer, void> {
  const hash = createHash("sha256");
  for await (const chunk of file.createReadStream() as AsyncIterable<Buffer>) {
    hash.update(chunk);
    yield chunk;
  }
  if (hash.digest("hex") !== digest) throw damaged(place);
}

async function write(place: string, bytes: Buffer): Promise<void> {
  const draft = `${place}.${randomUUID()}`;
  try {
    const file = await open(draft, "wx", 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, place);
  } catch (error) {
    await rm(draft, { force: true });
    throw failureOf(error, place);
  }
}

function damaged(file: string, cause?: unknown): MayflyError {
  return new MayflyError("state-damaged", { file, what: "it is not the zip file that was uploaded" }, cause);
}
