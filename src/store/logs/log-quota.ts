/**
 * The logs of all apps together. Their sizes are looked at whenever another part of the quota has been written; where they are over it, the
 * files that were written to longest ago go: full ones first, and if there are none, an app's newest.
 */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

/** Of the quota, written between two looks: it can be passed by that much. */
const PART = 1 / 64;

interface LogFile {
  app: string;
  age: number;
  bytes: number;
  writtenAt: number;
}

export interface LogQuota {
  written(bytes: number): void;
  /** Resolves when what was found to be too much is gone. */
  settled(): Promise<void>;
}

/** @param drop deletes one of an app's files */
export function createLogQuota(dir: string, totalBytes: number, drop: (app: string, age: number) => Promise<void>): LogQuota {
  // The first write looks: a killed server, or one with a larger quota, may have left more.
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
      // The folder cannot be read, or a file not be deleted: the next look tries again, and the next write tells.
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
    // It may have been rotated or removed since.
    const found = await stat(join(dir, name)).catch(() => undefined);
    if (found !== undefined) files.push({ app, age: Number(age), bytes: found.size, writtenAt: found.mtimeMs });
  }
  return files;
}

function expendableFirst(a: LogFile, b: LogFile): number {
  return Math.min(b.age, 1) - Math.min(a.age, 1) || a.writtenAt - b.writtenAt;
}
