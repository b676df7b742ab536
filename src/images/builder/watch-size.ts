import { execFile } from "node:child_process";
import { setTimeout } from "node:timers/promises";

export interface SizeWatch {
  /** Whether the folder was ever too large. */
  isOver(): boolean;
  stop(): void;
}

const EVERY_MS = 1_000;

/**
 * Measures repeatedly how much disk a folder takes to which another program writes. @param over called once, when the folder exceeds
 * mostBytes
 */
export function watchSize(folder: string, mostBytes: number, over: () => void): SizeWatch {
  const stopped = new AbortController();
  let isOver = false;
  const watch = async () => {
    for (;;) {
      await setTimeout(EVERY_MS, undefined, { signal: stopped.signal, ref: false });
      isOver = (await sizeOf(folder, stopped.signal)) > mostBytes;
      if (isOver) return over();
    }
  };
  watch().catch((error: Error) => {
    if (error.name !== "AbortError") throw error;
  });
  return { isOver: () => isOver, stop: () => stopped.abort() };
}

/** Errors of du are ignored, because files appear and disappear while it runs. */
function sizeOf(folder: string, signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    execFile("du", ["--summarize", "--block-size=1", folder], { signal }, (error, stdout) => {
      if (error?.name === "AbortError") reject(error);
      else resolve(Number.parseInt(stdout, 10) || 0);
    });
  });
}
