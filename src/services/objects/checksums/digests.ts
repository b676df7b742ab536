import { createHash, type Hash } from "node:crypto";
import { type Algorithm, type Checksum, checksumBytes } from "./checksum.ts";
import type { Hashing, RunningHashes } from "./hashing.ts";
import { type Crc, CRC32, CRC32C, CRC64NVME, createCrc, joinedCrc, type RunningCrc } from "./crc.ts";

/** Of content as it comes by: its MD5, and the checksums that somebody asked for. */
export class Digests {
  readonly #running: Map<Digested, RunningDigest>;

  constructor(algorithms: readonly Algorithm[]) {
    this.#running = runningOf(["MD5", ...algorithms]);
  }

  update(bytes: Uint8Array): void {
    for (const each of this.#running.values()) each.update(bytes);
  }

  /** Called once, after the last bytes. */
  finish(): FinishedDigests {
    return finished(new Map(Array.from(this.#running, ([algorithm, each]) => [algorithm, each.digest()])));
  }
}

/** The same of large content, as it comes by: hashes are made in a thread, and cyclic redundancy checks here. */
export class LargeDigests {
  readonly #hashes: readonly Digested[];
  readonly #hashing: RunningHashes;
  readonly #crcs: Map<Digested, RunningDigest>;

  constructor(algorithms: readonly Algorithm[], hashing: Hashing) {
    this.#hashes = [...new Set<Digested>(["MD5", ...algorithms])].filter((each) => crcs[each] === undefined);
    this.#crcs = runningOf(algorithms.filter((each) => crcs[each] !== undefined));
    this.#hashing = hashing.start(this.#hashes.map((each) => each.toLowerCase()));
  }

  /** The bytes may be overwritten when it has resolved. */
  update(bytes: Uint8Array<SharedArrayBuffer>): Promise<void> {
    const hashed = this.#hashing.update(bytes);
    for (const crc of this.#crcs.values()) crc.update(bytes);
    return hashed;
  }

  /** Called once, after the last bytes, if drop() is not. */
  async finish(): Promise<FinishedDigests> {
    const hashes = await this.#hashing.digests();
    const all = new Map(this.#hashes.map((algorithm, at) => [algorithm, hashes[at]!]));
    for (const [algorithm, crc] of this.#crcs) all.set(algorithm, crc.digest());
    return finished(all);
  }

  drop(): void {
    this.#hashing.drop();
  }
}

type Digested = Algorithm | "MD5";
type RunningDigest = Hash | RunningCrc;

function runningOf(algorithms: readonly Digested[]): Map<Digested, RunningDigest> {
  return new Map(algorithms.map((algorithm) => [algorithm, started(algorithm)]));
}

function finished(digests: ReadonlyMap<Digested, Buffer>): FinishedDigests {
  return {
    md5: digests.get("MD5")!,
    of(algorithm) {
      const found = digests.get(algorithm);
      if (found === undefined) throw new Error(`${algorithm} was not asked for`);
      return found;
    },
  };
}

export interface FinishedDigests {
  md5: Buffer;
  /** Only of the algorithms that were asked for. */
  of(algorithm: Algorithm): Buffer;
}

const crcs: Partial<Record<Digested, Crc>> = { CRC32, CRC32C, CRC64NVME };

function started(algorithm: Digested): Hash | RunningCrc {
  const crc = crcs[algorithm];
  return crc === undefined ? createHash(algorithm.toLowerCase()) : createCrc(crc);
}

/** Whether checksums of parts can be joined into that of the whole. */
export function canBeJoined(algorithm: Algorithm): boolean {
  return crcs[algorithm] !== undefined;
}

/** The checksum of all bytes, from those of the parts. @param parts base64 values and bytes */
export function joined(algorithm: Algorithm, parts: readonly { value: string; size: number }[]): Checksum {
  const crc = crcs[algorithm]!;
  let whole = Buffer.alloc(checksumBytes[algorithm]);
  for (const { value, size } of parts) whole = Buffer.from(joinedCrc(crc, whole, Buffer.from(value, "base64"), size));
  return { algorithm, type: "FULL_OBJECT", value: whole.toString("base64") };
}

/** The checksum of the parts' checksums. @param values base64 */
export function composed(algorithm: Algorithm, values: readonly string[]): Checksum {
  const digest = started(algorithm);
  for (const value of values) digest.update(Buffer.from(value, "base64"));
  return { algorithm, type: "COMPOSITE", value: `${digest.digest().toString("base64")}-${values.length}` };
}

/** The entity tag of an object of parts: the MD5 of the parts' MD5s. @param etags hexadecimal */
export function etagOfParts(etags: readonly string[]): string {
  const md5 = createHash("md5");
  for (const etag of etags) md5.update(Buffer.from(etag, "hex"));
  return `${md5.digest("hex")}-${etags.length}`;
}
