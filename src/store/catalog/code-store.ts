/**
 * Code by its SHA-256, each once, in parts of at most 1 MiB.
 *
 * Owns: the tables code and parts, and which code is being uploaded.
 * 1. One part is written, or a few are removed, in one turn of the event loop: nobody waits for a whole upload.
 * 2. Code that no function refers to goes, unless it is being uploaded: what a killed server had written of an upload goes at its next start.
 */
import { inParts, nextTurn } from "./revision-digest.ts";
import type { CodeQueries } from "./queries/code.ts";

export interface CodeStore {
  /** Writes what is not stored yet. Until release() is called it stays, whether or not a function refers to it. */
  hold(uploads: CodeUpload[]): Promise<() => void>;
  read(digest: string): Uint8Array;
  /** Removes a little of what nothing refers to. Returns whether there was any. */
  sweep(): boolean;
}

interface CodeUpload {
  digest: string;
  code: Uint8Array;
}

/** Parts that are removed in one turn. */
const SWEPT_PARTS = 8;

/** @param write carries out a change in a transaction of its own; `remove` also where the disk is full */
export function openCodeStore(queries: CodeQueries, write: (work: () => void) => void, remove: (work: () => void) => void): CodeStore {
  /** Digests of uploads under way, with how many they are. */
  const held = new Map<string, number>();

  function release(uploads: CodeUpload[]): void {
    for (const { digest } of uploads) {
      const left = (held.get(digest) ?? 1) - 1;
      if (left === 0) held.delete(digest);
      else held.set(digest, left);
    }
  }

  async function store({ digest, code }: CodeUpload): Promise<void> {
    write(() => void queries.add(digest, code.byteLength));
    let at = 0;
    for (const part of inParts(code)) {
      const place = at++;
      if (queries.hasPart(digest, place) !== undefined) continue;
      write(() => void queries.addPart(digest, place, part));
      await nextTurn();
    }
  }

  return {
    async hold(uploads) {
      for (const { digest } of uploads) held.set(digest, (held.get(digest) ?? 0) + 1);
      try {
        for (const upload of uploads) await store(upload);
        return () => release(uploads);
      } catch (error) {
        release(uploads);
        throw error;
      }
    },
    read: (digest) => Buffer.concat(queries.parts(digest).map(({ bytes }) => bytes)),
    sweep() {
      const unused = queries.unused().find(({ digest }) => !held.has(digest));
      if (unused === undefined) return false;
      remove(() => {
        if (queries.removeParts(unused.digest, SWEPT_PARTS) < SWEPT_PARTS) queries.remove(unused.digest);
      });
      return true;
    },
  };
}
