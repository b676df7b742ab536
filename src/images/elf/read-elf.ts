/**
 * Reads from an x86-64 program or shared library what it needs. Nothing is run. Fields are those of the System V ABI, chapters 4 and 5, and
 * its x86-64 supplement; all integers are little-endian.
 */

export interface Elf {
  /** PT_INTERP: the path of the dynamic loader; undefined for static programs and for libraries. */
  interpreter: string | undefined;
  /** DT_NEEDED, in order. */
  needed: string[];
  /** DT_RPATH and DT_RUNPATH, split at ":". */
  rpath: string[];
  runpath: string[];
}

const segment = { dynamic: 2, interpreter: 3, load: 1 } as const;
const tag = { end: 0n, needed: 1n, strings: 5n, stringsSize: 10n, rpath: 15n, runpath: 29n } as const;

/** Far more than any program has. A small file could otherwise name one long string a hundred thousand times. */
const MOST_NAMES = 2_048;
const MOST_BYTES = 4_096;

interface Segment {
  type: number;
  offset: number;
  address: bigint;
  size: number;
}

/** Whether the file begins like an ELF file, for any machine. */
function looksLikeElf(start: Uint8Array): boolean {
  return start[0] === 0x7f && start[1] === 0x45 && start[2] === 0x4c && start[3] === 0x46;
}

/** Throws an Error whose message ends the sentence "<file> …" if the file is not an ELF file for this machine, or is damaged. */
export function readElf(file: Buffer): Elf {
  return whole(file, () => read(file));
}

/** What else the dynamic segment leads to. */
export interface DynamicPart {
  /** Where in the file it is that the tag's address means; undefined without the tag. */
  offsetOf: (tag: bigint) => number | undefined;
  /** 0 without the tag. */
  numberOf: (tag: bigint) => number;
  /** Of the string table. */
  text: (offset: number) => string;
}

/** What the functions of the part throw is a RangeError if the file is damaged. Throws what readElf() throws. */
export function withDynamicPart<T>(file: Buffer, look: (part: DynamicPart) => T): T {
  return whole(file, () => {
    const segments = readSegments(file);
    const entries = readDynamic(file, segments);
    const text = stringReader(file, segments, entries);
    const valueOf = (wanted: bigint) => entries.find(([found]) => found === wanted)?.[1];
    return look({
      offsetOf(wanted) {
        const address = valueOf(wanted);
        return address === undefined ? undefined : placeOf(segments, address);
      },
      numberOf: (wanted) => Number(valueOf(wanted) ?? 0n),
      text: (offset) => text(BigInt(offset)),
    });
  });
}

/** The numbers of ELF for processors that people build for. */
const machines = new Map([
  [3, "32-bit x86"],
  [40, "32-bit ARM"],
  [183, "arm64"],
  [243, "RISC-V"],
]);

function otherMachine(file: Buffer, machine: number): string {
  const name = file[5] === 1 ? machines.get(machine) : undefined;
  return name === undefined ? "" : `, but for ${name}`;
}

function whole<T>(file: Buffer, look: () => T): T {
  if (!looksLikeElf(file)) throw new Error("is no ELF file");
  try {
    // ELF of 64 bits, little-endian, for x86-64.
    const machine = file.readUInt16LE(18);
    if (file[4] !== 2 || file[5] !== 1 || machine !== 62) throw new Error(`is not for x86-64${otherMachine(file, machine)}`);
    return look();
  } catch (error) {
    if (error instanceof RangeError) throw new Error("is a damaged ELF file", { cause: error });
    throw error;
  }
}

function read(file: Buffer): Elf {
  const segments = readSegments(file);
  const interpreter = segments.find(({ type }) => type === segment.interpreter);
  const entries = readDynamic(file, segments);
  const text = stringReader(file, segments, entries);
  const all = (wanted: bigint) => {
    const found = entries.filter(([tag]) => tag === wanted);
    if (found.length > MOST_NAMES) throw new RangeError(`${found.length} names`);
    return found.map(([, value]) => text(value));
  };
  return {
    interpreter: interpreter && stringAt(file, interpreter.offset, interpreter.offset + interpreter.size),
    needed: all(tag.needed),
    rpath: all(tag.rpath).flatMap(splitPath),
    runpath: all(tag.runpath).flatMap(splitPath),
  };
}

function readSegments(file: Buffer): Segment[] {
  const [table, entrySize, count] = [Number(file.readBigUInt64LE(32)), file.readUInt16LE(54), file.readUInt16LE(56)];
  return Array.from({ length: count }, (_, index) => {
    const at = table + index * entrySize;
    return {
      type: file.readUInt32LE(at),
      offset: Number(file.readBigUInt64LE(at + 8)),
      address: file.readBigUInt64LE(at + 16),
      size: Number(file.readBigUInt64LE(at + 32)),
    };
  });
}

/** The entries as [tag, value]. */
function readDynamic(file: Buffer, segments: Segment[]): [bigint, bigint][] {
  const dynamic = segments.find(({ type }) => type === segment.dynamic);
  if (dynamic === undefined) return [];
  const entries: [bigint, bigint][] = [];
  for (let at = dynamic.offset; at < dynamic.offset + dynamic.size; at += 16) {
    const found = file.readBigUInt64LE(at);
    if (found === tag.end) break;
    entries.push([found, file.readBigUInt64LE(at + 8)]);
  }
  return entries;
}

/** A string is named by its offset in a table, and the table by its address in memory. */
function stringReader(file: Buffer, segments: Segment[], entries: [bigint, bigint][]): (offset: bigint) => string {
  const value = (wanted: bigint) => entries.find(([found]) => found === wanted)?.[1] ?? 0n;
  const start = placeOf(segments, value(tag.strings));
  const end = (start ?? 0) + Number(value(tag.stringsSize));
  return (offset) => {
    if (start === undefined) throw new RangeError("there is no string table");
    return stringAt(file, start + Number(offset), end);
  };
}

/** Where in the file the address is; undefined if no segment has it. */
function placeOf(segments: Segment[], address: bigint): number | undefined {
  const holder = segments.find(({ type, ...one }) => {
    return type === segment.load && address >= one.address && address < one.address + BigInt(one.size);
  });
  return holder === undefined ? undefined : holder.offset + Number(address - holder.address);
}

function stringAt(file: Buffer, start: number, limit: number): string {
  const end = file.indexOf(0, start);
  if (start < 0 || end === -1 || end >= Math.min(limit, file.length)) throw new RangeError("a string does not end");
  if (end - start > MOST_BYTES) throw new RangeError("a string is too long");
  return file.toString("utf8", start, end);
}

function splitPath(path: string): string[] {
  return path.split(":").filter((part) => part !== "");
}
