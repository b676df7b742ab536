/**
 * Limits the size of the logs of all apps together, and of all apps of a tenant that has a limit. The sizes are summed after each further 1/64 of the smallest
 * of these quotas that is written. If a sum is over its quota, the files of it that were written to longest ago are deleted: rotated files first, and an app's
 * newest only if there are no others.
 */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

/** The part of the quota that is written between two looks at the sizes. The quota can be exceeded by that much. */
const PART = 1 / 64;

interface LogFile {
  app: string;
  age: number;
  bytes: number;
  writtenAt: number;
}

export interface LogQuota {
  written(bytes: number): void;
  /** The next write looks at the sizes, because a tenant's limit was changed. */
  changed(): void;
  /** Resolves when the deletions that were found necessary are done. */
  settled(): Promise<void>;
}

/** The tenant of an app, and the most bytes of all its apps' logs together: Infinity if it has no limit. */
export type TenantQuota = (app: string) => { tenant: string; most: number };

/** @param ofTenants asked at each look; undefined: no tenant has a limit @param drop deletes one of an app's files */
export function createLogQuota(
  dir: string,
  totalBytes: number,
  ofTenants: () => TenantQuota | undefined,
  drop: (app: string, age: number) => Promise<void>,
): LogQuota {
  // The first write looks at the sizes at once, because a killed server, or one with a larger quota, may have left more.
  let sinceLook = Infinity;
  let looking: Promise<void> | undefined;
  let smallest = totalBytes;

  async function look(): Promise<void> {
    try {
      const all = await logFiles(dir);
      const ofTenant = ofTenants();
      const gone = new Set<LogFile>();
      smallest = totalBytes;
      for (const files of ofTenant === undefined ? [] : Map.groupBy(all, ({ app }) => ofTenant(app).tenant).values()) {
        const { most } = ofTenant!(files[0]!.app);
        smallest = Math.min(smallest, most);
        for (const file of await dropped(files, most)) gone.add(file);
      }
      await dropped(
        all.filter((file) => !gone.has(file)),
        totalBytes,
      );
    } catch {
      // The folder cannot be read, or a file cannot be deleted. The next look tries again, and the next write reports the failure.
    }
    looking = undefined;
  }

  /** Deletes as many of the files as are over the quota, and returns them. */
  async function dropped(files: LogFile[], most: number): Promise<LogFile[]> {
    const gone: LogFile[] = [];
    let over = files.reduce((sum, { bytes }) => sum + bytes, 0) - most;
    for (const file of files.toSorted(expendableFirst)) {
      if (over <= 0) break;
      await drop(file.app, file.age);
      over -= file.bytes;
      gone.push(file);
    }
    return gone;
  }

  return {
    changed: () => void (sinceLook = Infinity),
    written(bytes) {
      sinceLook += bytes;
      // Without any quota, the first look finds none.
      if (sinceLook < smallest * PART || looking !== undefined) return;
      sinceLook = 0;
      looking = look();
    },
    settled: () => looking ?? Promise.resolve(),
  };
}

async function logFiles(dir: string): Promise<LogFile[]> {
  const files: LogFile[] = [];
  for (const name of await readdir(dir)) {
    const [, app, age = "0"] = /^([^.]+)(?:\.(\d+))?\.jsonl$/.exec(name) ?? [];
    if (app === undefined) continue;
    // The file may have been rotated or removed meanwhile.
    const found = await stat(join(dir, name)).catch(() => undefined);
    if (found !== undefined) files.push({ app, age: Number(age), bytes: found.size, writtenAt: found.mtimeMs });
  }
  return files;
}

function expendableFirst(a: LogFile, b: LogFile): number {
  return Math.min(b.age, 1) - Math.min(a.age, 1) || a.writtenAt - b.writtenAt;
}
