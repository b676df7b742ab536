/**
 * Watches whether the image that machines start from is still what it was. A disk that fails, or somebody who writes to the cache, may change the image's
 * files while a server has them open. Its machines then die of what looks like their apps' faults.
 *
 * Owns the knowledge of the damage.
 * 1. The image is read once a minute at most, and only where something hints at it: an app may end its machines as often as it likes.
 * 2. From when damage is found until the image is mended, `refuse` throws. An attempt to mend it that failed is made again by a later start, after a
 *    minute.
 */
import type { Clock } from "../../base/clock/clock.ts";

export interface ImageWatch {
  /** What is wrong with the image, as a clause; undefined if no damage is known. */
  damage(): string | undefined;
  /** Called at a hint of damage. Resolves when it is known whether the image is damaged. Never rejects. */
  suspect(): Promise<void>;
  /** Throws while no machine may start from the image. */
  refuse(): void;
}

export interface ImageWatchOptions {
  clock: Clock;
  /** Reads the image, and resolves with what is wrong with it, as a clause. */
  look: () => Promise<string | undefined>;
  /** Ends the machines of the damaged image, and provides an undamaged one. */
  mend: () => Promise<void>;
  /** Called with what is found and done: sentences. */
  warn: (text: string) => void;
}

const PAUSE_MS = 60_000;

export function createImageWatch({ clock, look, mend, warn }: ImageWatchOptions): ImageWatch {
  let damage: string | undefined;
  let lookedAt = -Infinity;
  let looking = Promise.resolve();
  let mending = false;
  let failedAt = -Infinity;

  async function lookAt(): Promise<void> {
    damage = await look();
    if (damage === undefined) return;
    warn(`the image that machines start from is damaged (${damage}): its machines are ended, and it is built anew; look at the disk`);
    void mendIt();
  }

  async function mendIt(): Promise<void> {
    mending = true;
    try {
      await mend();
      damage = undefined;
      warn("the damaged image was put right: machines start again");
    } catch (error) {
      failedAt = clock.now();
      warn(`the damaged image could not be put right, and no machine starts: ${(error as Error).message}`);
    } finally {
      mending = false;
    }
  }

  return {
    damage: () => damage,
    suspect() {
      if (damage !== undefined || clock.now() - lookedAt < PAUSE_MS) return looking;
      lookedAt = clock.now();
      looking = lookAt().catch((error: Error) =>
        warn(`it cannot be told whether the image that machines start from is damaged: ${error.message}`),
      );
      return looking;
    },
    refuse() {
      if (damage === undefined) return;
      if (!mending && clock.now() - failedAt >= PAUSE_MS) void mendIt();
      throw new Error(
        `the image that machines start from is damaged (${damage}); ${mending ? "it is being built anew" : "it could not be put right"}`,
      );
    },
  };
}
