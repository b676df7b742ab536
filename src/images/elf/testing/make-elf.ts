/** Writes ELF files that contain only what the dynamic loader reads, for tests. */

export interface MadeElf {
  needed?: string[];
  rpath?: string;
  runpath?: string;
  interpreter?: string;
  /** e_machine; 62 means x86-64. */
  machine?: number;
}

const base = 0x400000n;
const headerSize = 64;
const segmentSize = 56;

export function makeElf({ needed = [], rpath, runpath, interpreter, machine = 62 }: MadeElf = {}): Buffer {
  const strings = new Strings();
  const dynamic: [bigint, bigint][] = needed.map((name) => [1n, strings.add(name)]);
  if (rpath !== undefined) dynamic.push([15n, strings.add(rpath)]);
  if (runpath !== undefined) dynamic.push([29n, strings.add(runpath)]);
  const interpreterAt = strings.add(interpreter ?? "");
  const segments = interpreter === undefined ? 2 : 3;
  const dynamicAt = headerSize + segments * segmentSize;
  const stringsAt = dynamicAt + (dynamic.length + 3) * 16;
  dynamic.push([5n, base + BigInt(stringsAt)], [10n, BigInt(strings.bytes().length)], [0n, 0n]);
  const size = stringsAt + strings.bytes().length;
  const table = [segment(1, 0, size), segment(2, dynamicAt, dynamic.length * 16)];
  if (interpreter !== undefined) table.push(segment(3, stringsAt + Number(interpreterAt), Buffer.byteLength(interpreter) + 1));
  return Buffer.concat([header(machine, segments), ...table, ...dynamic.map(entry), strings.bytes()]);
}

class Strings {
  #text = "\0";

  add(text: string): bigint {
    const at = Buffer.byteLength(this.#text);
    this.#text += `${text}\0`;
    return BigInt(at);
  }

  bytes(): Buffer {
    return Buffer.from(this.#text);
  }
}

function header(machine: number, segments: number): Buffer {
  const bytes = Buffer.alloc(headerSize);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  bytes.writeUInt16LE(3, 16);
  bytes.writeUInt16LE(machine, 18);
  bytes.writeBigUInt64LE(BigInt(headerSize), 32);
  bytes.writeUInt16LE(segmentSize, 54);
  bytes.writeUInt16LE(segments, 56);
  return bytes;
}

function segment(type: number, offset: number, size: number): Buffer {
  const bytes = Buffer.alloc(segmentSize);
  bytes.writeUInt32LE(type, 0);
  bytes.writeBigUInt64LE(BigInt(offset), 8);
  bytes.writeBigUInt64LE(base + BigInt(offset), 16);
  bytes.writeBigUInt64LE(BigInt(size), 32);
  return bytes;
}

function entry([tag, value]: [bigint, bigint]): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeBigUInt64LE(tag, 0);
  bytes.writeBigUInt64LE(value, 8);
  return bytes;
}
