/** Random input for tests. The seed, which a test prints or has in its name, determines everything; MAYFLY_SEED repeats a run. */
import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

/** The variable MAYFLY_SEED, or one that no other run has. */
export function seedOf(): number {
  return Number(process.env["MAYFLY_SEED"] ?? Date.now() % 1_000_000_000);
}

export class Random {
  readonly #generator: ReturnType<typeof xoroshiro128plus>;

  constructor(seed: number) {
    this.#generator = xoroshiro128plus(seed);
  }

  /** 0 ≤ x < 1. */
  next(): number {
    return uniformFloat64(this.#generator);
  }

  /** From `low` to below `high`. */
  between(low: number, high: number): number {
    return low + this.next() * (high - low);
  }

  /** A whole number from 0 to below `limit`. */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  /** Drawn four at a time, because some tests take a hundred million. */
  bytes(count: number): Buffer {
    const words = new Int32Array(Math.ceil(count / 4));
    for (let at = 0; at < words.length; at++) words[at] = this.#generator.next();
    return Buffer.from(words.buffer, 0, count);
  }

  /** A copy in which a few bytes are changed, missing or doubled, or whose end is missing. */
  damaged(sound: Buffer): Buffer {
    let bytes = Buffer.from(sound);
    for (let n = 1 + this.below(4); n > 0 && bytes.length > 0; n--) {
      const at = this.below(bytes.length);
      const end = Math.min(bytes.length, at + 1 + this.below(64));
      const kind = this.below(10);
      if (kind === 0) bytes = bytes.subarray(0, at);
      else if (kind === 1) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)]);
      else if (kind === 2) bytes = Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)]);
      else if (kind < 5) bytes.fill(this.pick([0, 0x2f, 0x2e, 0xff, 0x7f, 0x80]), at, end);
      else bytes[at] = this.below(256);
    }
    return bytes;
  }
}
