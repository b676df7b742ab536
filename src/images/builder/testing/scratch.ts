/** Caches for tests that build. The downloaded packages come from the ordinary cache; everything else is separate. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { defaultCacheDir } from "../../../base/config/folders.ts";
import type { ModuleSource } from "../../modules/module.ts";

export interface Scratch {
  dir: string;
  newCache(name: string): string;
  /** Writes a module's folder; returns its path. */
  module(folder: string, definition: ModuleSource, files?: Record<string, string | Buffer>): string;
  remove: () => void;
}

export function makeScratch(): Scratch {
  const dir = mkdtempSync(join(tmpdir(), "mayfly-builder-"));
  const packages = join(process.env["MAYFLY_CACHE_DIR"] ?? defaultCacheDir(process.env), "packages");
  return {
    dir,
    newCache(name) {
      const cacheDir = join(dir, name);
      mkdirSync(packages, { recursive: true });
      mkdirSync(cacheDir);
      symlinkSync(packages, join(cacheDir, "packages"));
      return cacheDir;
    },
    module(folder, definition, files = {}) {
      const place = join(dir, folder);
      for (const [path, content] of Object.entries({ ...files, "module.json": JSON.stringify(definition) })) {
        mkdirSync(dirname(join(place, path)), { recursive: true });
        writeFileSync(join(place, path), content);
      }
      return place;
    },
    remove: () => rmSync(dir, { recursive: true }),
  };
}
