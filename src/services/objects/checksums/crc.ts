/**
 * Cyclic redundancy checks that Node lacks: CRC-32C (Castagnoli) and CRC-64/NVME. Both are reflected, begin with all ones and end inverted. Eight bytes are taken at a time
 * by eight tables. CRC-32 is Node's own.
 */
import { crc32 } from "node:zlib";

/** The generator polynomials, reflected. */
export const CRC32 = { bits: 32, polynomial: 0xedb88320n } as const;
export const CRC32C = { bits: 32, polynomial: 0x82f63b78n } as const;
export const CRC64NVME = { bits: 64, polynomial: 0x9a6c9329ac4bc9b5n } as const;

export type Crc = typeof CRC32 | typeof CRC32C | typeof CRC64NVME;

/** A check that goes on from what came before. */
export interface RunningCrc {
  update(bytes: Uint8Array): void;
  /** The most significant byte first. */
  digest(): Buffer;
}

export function createCrc(crc: Crc): RunningCrc {
  if (crc === CRC32) return new NodesCrc32();
  return crc === CRC32C ? new Crc32c() : new Crc64Nvme();
}

class NodesCrc32 implements RunningCrc {
  #value = 0;

  update(bytes: Uint8Array): void {
    this.#value = crc32(bytes, this.#value);
  }

  digest(): Buffer {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(this.#value);
    return bytes;
  }
}

/** `low[256 * n + byte]`: what a byte adds that n bytes follow, in its lower 32 bits; `high`: in its upper ones. */
interface Tables {
  low: Int32Array;
  high: Int32Array;
}

const SLICES = 8;
/** Bytes of a word. */
const WORD = 4;

function tablesOf({ polynomial }: Crc): Tables {
  const low = new Int32Array(256 * SLICES);
  const high = new Int32Array(256 * SLICES);
  const values = Array.from({ length: 256 }, (_, byte) => {
    let value = BigInt(byte);
    for (let bit = 0; bit < 8; bit++) value = (value & 1n) === 1n ? (value >> 1n) ^ polynomial : value >> 1n;
    return value;
  });
  const first = values.slice();
  for (let slice = 0; slice < SLICES; slice++)
    for (let byte = 0; byte < 256; byte++) {
      if (slice > 0) values[byte] = (values[byte]! >> 8n) ^ first[Number(values[byte]! & 0xffn)]!;
      low[256 * slice + byte] = Number(values[byte]! & 0xffffffffn);
      high[256 * slice + byte] = Number(values[byte]! >> 32n);
    }
  return { low, high };
}

const made = new Map<Crc, Tables>();

/** They are made when they are first needed. */
function tablesFor(crc: Crc): Tables {
  let tables = made.get(crc);
  if (tables === undefined) made.set(crc, (tables = tablesOf(crc)));
  return tables;
}

class Crc32c implements RunningCrc {
  readonly #table = tablesFor(CRC32C).low;
  #value = -1;

  update(bytes: Uint8Array): void {
    const table = this.#table;
    const { length } = bytes;
    let value = this.#value;
    let at = 0;
    for (; at + SLICES <= length; at += SLICES) {
      value ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
      value =
        table[1792 + (value & 255)]! ^
        table[1536 + ((value >>> 8) & 255)]! ^
        table[1280 + ((value >>> 16) & 255)]! ^
        table[1024 + (value >>> 24)]! ^
        table[768 + bytes[at + 4]!]! ^
        table[512 + bytes[at + 5]!]! ^
        table[256 + bytes[at + 6]!]! ^
        table[bytes[at + 7]!]!;
    }
    for (; at < length; at++) value = (value >>> 8) ^ table[(value ^ bytes[at]!) & 255]!;
    this.#value = value;
  }

  digest(): Buffer {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(~this.#value >>> 0);
    return bytes;
  }
}

class Crc64Nvme implements RunningCrc {
  readonly #tables = tablesFor(CRC64NVME);
  #low = -1;
  #high = -1;

  update(bytes: Uint8Array): void {
    const first = Math.min(bytes.length, (WORD - (bytes.byteOffset % WORD)) % WORD);
    const eights = Math.floor((bytes.length - first) / SLICES);
    const last = first + eights * SLICES;
    this.#bytes(bytes.subarray(0, first));
    if (eights > 0) this.#eights(new Int32Array(bytes.buffer, bytes.byteOffset + first, (eights * SLICES) / WORD));
    this.#bytes(bytes.subarray(last));
  }

  /** Eight bytes at a time, of processors whose words begin with the lowest byte, as all do that Node is made for. */
  #eights(words: Int32Array): void {
    const { low: lows, high: highs } = this.#tables;
    const { length } = words;
    let [low, high] = [this.#low, this.#high];
    for (let at = 0; at < length; at += 2) {
      low ^= words[at]!;
      high ^= words[at + 1]!;
      const a = 1792 + (low & 255);
      const b = 1536 + ((low >>> 8) & 255);
      const c = 1280 + ((low >>> 16) & 255);
      const d = 1024 + (low >>> 24);
      const e = 768 + (high & 255);
      const f = 512 + ((high >>> 8) & 255);
      const g = 256 + ((high >>> 16) & 255);
      const h = high >>> 24;
      low = lows[a]! ^ lows[b]! ^ lows[c]! ^ lows[d]! ^ lows[e]! ^ lows[f]! ^ lows[g]! ^ lows[h]!;
      high = highs[a]! ^ highs[b]! ^ highs[c]! ^ highs[d]! ^ highs[e]! ^ highs[f]! ^ highs[g]! ^ highs[h]!;
    }
    [this.#low, this.#high] = [low, high];
  }

  #bytes(bytes: Uint8Array): void {
    const { low: lows, high: highs } = this.#tables;
    let [low, high] = [this.#low, this.#high];
    for (const each of bytes) {
      const byte = (low ^ each) & 255;
      low = ((low >>> 8) | (high << 24)) ^ lows[byte]!;
      high = (high >>> 8) ^ highs[byte]!;
    }
    [this.#low, this.#high] = [low, high];
  }

  digest(): Buffer {
    const bytes = Buffer.alloc(8);
    bytes.writeUInt32BE(~this.#high >>> 0, 0);
    bytes.writeUInt32BE(~this.#low >>> 0, 4);
    return bytes;
  }
}

/**
 * The check of two contents, one after the other, from the checks of each: the first is multiplied by x to the power of the second's bits, modulo the polynomial.
 * @param bytes of the second
 */
export function joinedCrc(crc: Crc, first: Buffer, second: Buffer, bytes: number): Buffer {
  const shifted = multiplied(crc, BigInt(`0x${first.toString("hex")}`), powerOfX(crc, 8n * BigInt(bytes)));
  const joined = shifted ^ BigInt(`0x${second.toString("hex")}`);
  return Buffer.from(joined.toString(16).padStart(crc.bits / 4, "0"), "hex");
}

/** Of reflected polynomials: the highest bit is that of x to the power of 0. */
function multiplied({ bits, polynomial }: Crc, a: bigint, b: bigint): bigint {
  let product = 0n;
  let [left, right] = [a, b];
  for (let mask = 1n << BigInt(bits - 1); mask > 0n && left > 0n; mask >>= 1n) {
    if ((left & mask) !== 0n) {
      product ^= right;
      left ^= mask;
    }
    right = (right & 1n) === 1n ? (right >> 1n) ^ polynomial : right >> 1n;
  }
  return product;
}

function powerOfX(crc: Crc, exponent: bigint): bigint {
  const one = 1n << BigInt(crc.bits - 1);
  let result = one;
  let square = one >> 1n;
  for (let left = exponent; left > 0n; left >>= 1n) {
    if ((left & 1n) === 1n) result = multiplied(crc, result, square);
    square = multiplied(crc, square, square);
  }
  return result;
}
