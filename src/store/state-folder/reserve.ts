/**
 * Some space of the disk that is Mayfly's to give up: removing an app writes before it frees, and on a disk that others have filled it could
 * not. The file is made at start where there is room, given up when a removal needs it, and made again when there is room again. A server that
 * starts on a full disk gets half of it: without that it could not come up, and nothing could be removed.
 */
import { closeSync, fsyncSync, openSync, rmSync, statfsSync, statSync, truncateSync, writeSync } from "node:fs";
import { randomBytes } from "node:crypto";

/** Far more than a removal writes: a page for every thousand that it frees. */
const RESERVE_BYTES = 8 * 1_048_576;
/** It is not made where it would take what is left. */
const ROOM = 3 * RESERVE_BYTES;
const PIECE = 1_048_576;
/** A server writes less while it starts. */
const START_BYTES = 1_048_576;

export interface Reserve {
  /** Whether there was one. */
  giveUp(): boolean;
  /** Makes it where it is missing and there is room. Never throws: without one, all else goes on. */
  restore(): void;
}

export function openReserve(file: string, folder: string): Reserve {
  const reserve = { giveUp: () => giveUp(file), restore: () => restore(file, folder) };
  reserve.restore();
  return reserve;
}

/** Before a server's first write. @returns whether the disk was full and some of the reserve was given up */
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

function restore(file: string, folder: string): void {
  if (sizeOf(file) === RESERVE_BYTES) return;
  try {
    const { bavail, bsize } = statfsSync(folder);
    if (bavail * bsize < ROOM) return;
    fill(file);
  } catch {
    // The disk is full, or cannot be written: whoever writes next says so.
    rmSync(file, { force: true });
  }
}

/** Bytes that no file system packs away. */
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
