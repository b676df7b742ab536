/**
 * The zip files of functions and layers, each once, by its SHA-256.
 *
 * 1. A file is written beside its place and renamed, so that a file which is there is whole.
 * 2. A file is removed as soon as no record refers to it and no keep() of it is under way: also if its record was never written. While a backup is made it stays, and the
 *    next start removes it.
 */
import { randomUUID, createHash } from "node:crypto";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { type FileHandle, open, readFile, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { MayflyError } from "../../base/errors/error.ts";
import { failureOf } from "../sqlite/failure.ts";
import { isBackedUp } from "../state-folder/backup-lock.ts";
import type { Zips } from "./lambda-store.ts";
import type { ZipCode } from "./records.ts";

export interface ZipsOptions {
  folder: string;
  isUsed: (digest: string) => boolean;
}

export function openZips({ folder, isUsed }: ZipsOptions): Zips {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  /** How many are about to use each file. */
  const held = new Map<string, number>();
  const placeOf = (digest: string) => join(folder, digest);
  const removeUnused = (digest: string) => {
    if (!held.has(digest) && !isUsed(digest) && !isBackedUp(dirname(folder))) rmSync(placeOf(digest), { force: true });
  };
  const letGo = (digest: string) => {
    const left = held.get(digest)! - 1;
    if (left > 0) held.set(digest, left);
    else held.delete(digest);
    removeUnused(digest);
  };
  // A killed server may have left files that no record refers to.
  for (const name of readdirSync(folder)) if (!isUsed(name)) rmSync(placeOf(name), { force: true });

  return {
    async keep(bytes, use) {
      const hash = createHash("sha256").update(bytes).digest();
      const code: ZipCode = { digest: hash.toString("hex"), size: bytes.length, sha256: hash.toString("base64") };
      held.set(code.digest, (held.get(code.digest) ?? 0) + 1);
      try {
        const place = placeOf(code.digest);
        if ((await stat(place).catch(() => undefined))?.size !== bytes.length) await write(place, bytes);
        return use(code);
      } finally {
        letGo(code.digest);
      }
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
      for (const code of codes) if (code !== null) removeUnused(code.digest);
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

function damaged(place: string, cause?: unknown): MayflyError {
  return new MayflyError("state-damaged", { file: basename(place), what: "it is not the zip file that was uploaded" }, cause);
}
