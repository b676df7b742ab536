/**
 * User ids for confined processes: each is held by one process at a time, so that none of them can signal, trace or read another one.
 *
 * Owns: one block of a thousand ids, claimed for this process when the first id is taken.
 * 1. No two processes of this host hold the same block: a block is claimed by the lock of a file in a folder that all servers share. The kernel drops the
 *    lock when its process ends, however that happens; its machines die with it.
 * 2. An id is given out again only after its release.
 */
import fs from "node:fs";
import path from "node:path";

import { tryLock } from "../libc/libc.ts";

export interface Uids {
  /** Throws if all thousand ids are taken. */
  take(): { uid: number; release: () => void };
}

export interface UidsOptions {
  /** The folder of the blocks' locks. It must be the same for all servers of this host, and writable for root only. */
  folder?: string;
  /** The number of the first block to try. */
  from?: number;
}

/** Far above the ids that Debian, systemd and container managers give out. */
const FIRST_UID = 1_900_000_000;
const UIDS_OF_A_BLOCK = 1_000;
const BLOCKS = 200_000;
const FOLDER = "/run/lock/mayfly-uids";

/** Claims nothing yet. By default the search begins at the process id, so that servers that see different folders rarely get the same block. */
export function createUids({ folder = FOLDER, from = process.pid }: UidsOptions = {}): Uids {
  const taken = new Set<number>();
  let first: number | undefined;
  return {
    take() {
      first ??= FIRST_UID + claimBlock(folder, from) * UIDS_OF_A_BLOCK;
      let uid = first;
      while (taken.has(uid)) uid++;
      if (uid >= first + UIDS_OF_A_BLOCK) throw new Error(`${UIDS_OF_A_BLOCK} user ids are in use already`);
      taken.add(uid);
      return { uid, release: () => void taken.delete(uid) };
    },
  };
}

/** Returns the number of a block that belongs to this process until it ends, because the descriptor that holds its lock stays open. */
function claimBlock(folder: string, from: number): number {
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { uid, mode } = fs.lstatSync(folder);
  if (uid !== process.getuid?.() || (mode & 0o022) !== 0) throw new Error(`${folder} can be written by others: remove it`);
  for (let tried = 0; tried < BLOCKS; tried++) {
    const block = (from + tried) % BLOCKS;
    const { O_CREAT, O_RDWR, O_NOFOLLOW } = fs.constants;
    const fd = fs.openSync(path.join(folder, String(block)), O_CREAT | O_RDWR | O_NOFOLLOW, 0o600);
    if (tryLock(fd)) return block;
    fs.closeSync(fd);
  }
  throw new Error(`all ${BLOCKS} blocks of user ids are claimed in ${folder}`);
}
