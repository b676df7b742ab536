/**
 * Deletes what is to go, and gives the file system back what was deleted, a little at a time: SQLite keeps the pages of deleted rows, with what was
 * in them, until it is asked for them.
 *
 * 1. One step writes a few MB at most, so that neither the event loop nor a full disk is in its way for long.
 * 2. A step that fails ends it; the next deletion begins anew.
 */
import type { DatabaseSync } from "node:sqlite";

/** Pages of 4 KiB. */
const PAGES_A_STEP = 512;
const PAUSE_MS = 10;

export interface Reclaimer {
  /** After rows were deleted. */
  start(): void;
  /** Resolves when nothing is left to give back, or no more can be. */
  settled(): Promise<void>;
  stop(): void;
}

/**
 * @param sweep deletes a little more of what is to go, and returns whether there was any
 * @param onFailure told why it could not go on, such as a full disk
 */
export function createReclaimer(db: DatabaseSync, sweep: () => boolean, onFailure: (error: unknown) => void): Reclaimer {
  let running: Promise<void> | undefined;
  let wanted = false;
  const over = new AbortController();

  async function run(): Promise<void> {
    while (wanted && !over.signal.aborted) {
      wanted = false;
      // Not within the turn that deletes: it has its caller to answer.
      await pause();
      await giveBack();
    }
    running = undefined;
  }

  async function giveBack(): Promise<void> {
    try {
      while (!over.signal.aborted && sweep()) await pause();
      while (!over.signal.aborted && freePages(db) > 0) {
        db.exec(`PRAGMA incremental_vacuum(${PAGES_A_STEP}); PRAGMA wal_checkpoint(TRUNCATE)`);
        await pause();
      }
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
