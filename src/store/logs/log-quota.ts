/**
 * Limits the size of the logs of all apps together. The sizes are summed after each further 1/64 of the quota that is written. If the sum
 * is over the quota, the files that were written to longest ago are deleted: rotated files first, and an app's newest only if there are no
 * others.
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
  /** Resolves when the deletions that were found necessary are done. */
  settled(): Promise<void>;
}

/** @param drop deletes one of an app's files */
export function createLogQuota(dir: string, totalBytes: number, drop: (app: string, age: number) => Promise<void>): LogQuota {
  // The first write looks at the sizes at once, because a killed server, or one with a larger quota, may have left more.
  let sinceLook = Infinity;
  let looking: Promise<void> | undefined;

  async function look(): Promise<void> {
    try {
      const files = await logFiles(dir);
      let over = files.reduce((sum, { bytes }) => sum + bytes, 0) - totalBytes;
      for (const { app, age, bytes } of files.toSorted(expendableFirst)) {
        if (over <= 0) break;
        await drop(app, age);
        over -= bytes;
      }
    } catch {
      // The folder cannot be read, or a file cannot be deleted. The next look tries again, and the next write reports the failure.
    }
    looking = undefined;
  }

  return {
    written(bytes) {
      sinceLook += bytes;
      if (sinceLook < totalBytes * PART || looking !== undefined || totalBytes === Infinity) return;
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
