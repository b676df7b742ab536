import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { MayflyError } from "../../errors/error.ts";
import type { Store } from "./store.ts";

export function createFolderStore(place: string): Store {
  const folder = resolve(place);
  const failed = (error: unknown): never => {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOSPC") throw new MayflyError("disk-full", { file: folder }, error);
    throw new MayflyError("store-unreachable", { store: place, reason: message }, error);
  };
  return {
    name: place,
    async read(path) {
      if (!existsSync(folder)) failed(new Error("there is no such folder"));
      return readFile(join(folder, path)).catch((error: NodeJS.ErrnoException) => (error.code === "ENOENT" ? undefined : failed(error)));
    },
    has: async (path) => existsSync(join(folder, path)),
    write: (path, data) => writeWhole(join(folder, path), data).catch(failed),
  };
}

async function writeWhole(path: string, data: Buffer): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${randomUUID()}`;
  try {
    {
      await using file = await open(draft, "wx", 0o644);
      await file.writeFile(data);
      await file.datasync();
    }
    await rename(draft, path);
  } finally {
    await rm(draft, { force: true });
  }
}
