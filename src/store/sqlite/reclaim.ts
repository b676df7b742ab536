/**
 * Deletes rows that are no longer needed and gives their space back to the file system, a little at a time. Without this, SQLite would keep
 * the pages of deleted rows in the file, with their content.
 *
 * 1. One step writes a few MB at most, so that it neither blocks the event loop for long nor fails on a nearly full disk.
 * 2. If a step fails, the run ends; the next deletion starts another.
 */
import type { DatabaseSync } from "node:sqlite";

/** How many pages of 4 KiB one step frees. */
const PAGES_A_STEP = 512;
const PAUSE_MS = 10;

export interface Reclaimer {
  /** Called after rows were deleted. */
  start(): void;
  /** Resolves when there is nothing left to free, or no more can be freed. */
  settled(): Promise<void>;
  stop(): void;
}

/**
 * @param sweep deletes a few more rows, and returns whether there were any
 * @param onFailure called with the reason why it could not go on, such as a full disk
 */
export function createReclaimer(db: DatabaseSync, sweep: () => boolean, onFailure: (error: unknown) => void): Reclaimer {
  let running: Promise<void> | undefined;
  let wanted = false;
  const over = new AbortController();

  async function run(): Promise<void> {
    while (wanted && !over.signal.aborted) {
      wanted = false;
      // The caller that deletes is answered first; the work begins in a later turn of the event loop.
      await pause();
      await giveBack();
    }
    running = undefined;
  }

  async function giveBack(): Promise<void> {
    try {
      let swept = false;
      while (!over.signal.aborted && sweep()) {
        swept = true;
        await pause();
      }
      while (!over.signal.aborted && freePages(db) > 0) {
        db.exec(`PRAGMA incremental_vacuum(${PAGES_A_STEP}); PRAGMA wal_checkpoint(TRUNCATE)`);
        await pause();
        swept = false;
      }
      // The deleted rows may have left no whole page free, but the log that they were deleted in takes space, too.
      if (swept && !over.signal.aborted) db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    } catch (error) {
      if (!over.signal.aborted) onFailure(error);
    }
  }

  return {
    start() {
      wanted = true;
      running ??= run();
    },
    settled: () => running ?? Promise.resolve(),
    stop: () => over.abort(),
  };
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
}

function freePages(db: DatabaseSync): number {
  return Number(db.prepare("PRAGMA freelist_count").get()?.["freelist_count"] ?? 0);
}
