import { createHash, type Hash } from "node:crypto";
import { type Algorithm, type Checksum, checksumBytes } from "./checksum.ts";
import { type Crc, CRC32, CRC32C, CRC64NVME, createCrc, joinedCrc, type RunningCrc } from "./crc.ts";

/** Of content as it comes by: its MD5, and the checksums that somebody asked for. */
export class Digests {
  readonly #md5 = createHash("md5");
  readonly #others = new Map<string, Hash | RunningCrc>();

  constructor(algorithms: readonly Algorithm[]) {
    for (const algorithm of algorithms) if (!this.#others.has(algorithm)) this.#others.set(algorithm, started(algorithm));
  }

  update(bytes: Uint8Array): void {
    this.#md5.update(bytes);
    for (const other of this.#others.values()) other.update(bytes);
  }

  /** Called once, after the last bytes. */
  finish(): FinishedDigests {
    const md5 = this.#md5.digest();
    const others = new Map(Array.from(this.#others, ([algorithm, running]) => [algorithm, running.digest()]));
    return {
      md5,
      of(algorithm) {
        const found = others.get(algorithm);
        if (found === undefined) throw new Error(`${algorithm} was not asked for`);
        return found;
      },
    };
  }
}

export interface FinishedDigests {
  md5: Buffer;
  /** Only of the algorithms that were asked for. */
  of(algorithm: Algorithm): Buffer;
}

const crcs: Partial<Record<Algorithm, Crc>> = { CRC32, CRC32C, CRC64NVME };

function started(algorithm: Algorithm): Hash | RunningCrc {
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
