/**
 * A file that reserves disk space for removals: removing an app writes before it frees space, which would fail on a disk that others have
 * filled. The file is created at start if there is room, given up when a removal needs it, and created again when there is room again. A
 * server that starts on a full disk gets half of it, because otherwise it could not start, and nothing could be removed.
 */
import { closeSync, fsyncSync, openSync, rmSync, statfsSync, statSync, truncateSync, writeSync } from "node:fs";
import { randomBytes } from "node:crypto";

/** Far more than a removal writes, which is about one page for every thousand that it frees. */
export const RESERVE_BYTES = 8 * 1_048_576;
/** The least free space at which the file is created, so that it does not take what is left of the disk. */
const ROOM = 3 * RESERVE_BYTES;
const PIECE = 1_048_576;
/** What stays free if the file is created again at once. A server writes less than this while it starts. */
const START_BYTES = 1_048_576;

export interface Reserve {
  /** Returns whether there was a reserve to give up. */
  giveUp(): boolean;
  /** Creates the file if it is missing and there is room. Never throws, because everything else works without it. */
  restore(): void;
  /**
   * Creates the file again for the caller that has given it up and has freed space since. It may take nearly all that is left of the disk,
   * because it was there before. Returns whether the file is there. Never throws.
   */
  takeBack(): boolean;
}

export function openReserve(file: string, folder: string): Reserve {
  const reserve = {
    giveUp: () => giveUp(file),
    restore: () => void restore(file, folder, ROOM),
    takeBack: () => restore(file, folder, RESERVE_BYTES + START_BYTES),
  };
  reserve.restore();
  return reserve;
}

/** Called before a server's first write. @returns whether the disk was full and half of the reserve was given up */
export function lendForStart(file: string, folder: string): boolean {
  const { bavail, bsize } = statfsSync(folder);
  const size = sizeOf(file);
  if (size === 0 || bavail * bsize >= START_BYTES) return false;
  truncateSync(file, Math.floor(size / 2));
  return true;
}

function giveUp(file: string): boolean {
  if (sizeOf(file) === 0) return false;
  rmSync(file, { force: true });
  return true;
}

/** @param room the least free space in bytes at which the file is created. Returns whether the file is there. */
function restore(file: string, folder: string, room: number): boolean {
  if (sizeOf(file) === RESERVE_BYTES) return true;
  try {
    const { bavail, bsize } = statfsSync(folder);
    if (bavail * bsize < room) return false;
    fill(file);
    return true;
  } catch {
    // The disk is full or cannot be written; the next write of something needed reports it.
    rmSync(file, { force: true });
    return false;
  }
}

/** Writes random bytes, which no file system can compress. */
function fill(file: string): void {
  const fd = openSync(file, "w", 0o600);
  try {
    const piece = randomBytes(PIECE);
    for (let written = 0; written < RESERVE_BYTES; written += PIECE) writeSync(fd, piece);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
