/**
 * Reads the entries of tar archives as packages contain them: ustar headers, with GNU's entries for long names. Nothing in the archive is
 * trusted; anything but folders, files and links is refused.
 */
import { ByteReader } from "./byte-reader.ts";
import { expect, UnsoundArchive } from "./expect.ts";

export type TarEntry =
  | { kind: "folder"; path: string }
  | { kind: "file"; path: string; program: boolean; size: number; content: AsyncIterable<Buffer> }
  | { kind: "symlink"; path: string; target: string }
  /** Another name for an earlier file. */
  | { kind: "link"; path: string; target: string };

const BLOCK = 512;
/** The maximum length of a name that has an entry of its own. */
const MOST_NAME = 4_096;
/**
 * More headers than Debian's largest packages have. Headers that add a name to an earlier file count as well, because a megabyte of them
 * compresses to a few bytes.
 */
const MOST_HEADERS = 250_000;
const ZEROES = Buffer.alloc(BLOCK);

/** A file's content must be read before the next entry is requested. Throws UnsoundArchive. */
export async function* readTar(source: AsyncIterable<Uint8Array>, mostHeaders = MOST_HEADERS): AsyncGenerator<TarEntry, void> {
  const reader = new ByteReader(source);
  try {
    yield* entriesOf(reader, mostHeaders);
  } finally {
    await reader.close();
  }
}

async function* entriesOf(reader: ByteReader, mostHeaders: number): AsyncGenerator<TarEntry, void> {
  let long: LongNames = {};
  for (let headers = 0; ; headers++) {
    // Only this shows that something is missing at the end: further entries, or the second part of data that were packed in two parts.
    expect(!(await reader.isAtEnd()), "it ends without the block of zeroes that closes an archive");
    const block = await reader.take(BLOCK);
    if (block.equals(ZEROES)) return;
    expect(headers < mostHeaders, `it has over ${mostHeaders} headers`);
    const header = parseHeader(block);
    if (header.type === "L" || header.type === "K") long[header.type] = await longName(reader, header.size);
    else {
      yield entryOf(header, long, reader);
      long = {};
    }
    await reader.take((BLOCK - (header.size % BLOCK)) % BLOCK);
  }
}

/** GNU's entries for the name and the target of the entry that follows them. */
interface LongNames {
  L?: string;
  K?: string;
}

interface Header {
  path: string;
  target: string;
  mode: number;
  size: number;
  type: string;
}

function parseHeader(block: Buffer): Header {
  expect(numberAt(block, 148, 8) === sumOf(block), "a header's sum is wrong");
  const type = block[156] === 0 ? "0" : String.fromCharCode(block[156]!);
  const isPosix = block.toString("latin1", 257, 263) === "ustar\0";
  const prefix = isPosix ? textAt(block, 345, 155) : "";
  const path = `${prefix}${prefix === "" ? "" : "/"}${textAt(block, 0, 100)}`;
  const hasContent = type === "0" || type === "7" || type === "L" || type === "K";
  const size = hasContent ? numberAt(block, 124, 12) : 0;
  return { path, target: textAt(block, 157, 100), mode: numberAt(block, 100, 8), size, type };
}

/** The checksum, calculated as if its own eight bytes were spaces. */
function sumOf(block: Buffer): number {
  let sum = 8 * 32;
  for (let at = 0; at < BLOCK; at++) if (at < 148 || at >= 156) sum += block[at]!;
  return sum;
}

function entryOf({ type, ...header }: Header, long: LongNames, reader: ByteReader): TarEntry {
  const path = checkedPath(long.L ?? header.path);
  const target = long.K ?? header.target;
  switch (type) {
    case "0":
    case "7":
      return { kind: "file", path, program: (header.mode & 0o111) !== 0, size: header.size, content: reader.stream(header.size) };
    case "5":
      return { kind: "folder", path };
    case "2":
      expect(target !== "", `the symbolic link ${path} leads nowhere`);
      return { kind: "symlink", path, target };
    case "1":
      return { kind: "link", path, target: checkedPath(target) };
    default:
      throw new UnsoundArchive(`${path} is not a file, folder or link (type ${JSON.stringify(type)})`);
  }
}

async function longName(reader: ByteReader, size: number): Promise<string> {
  expect(size <= MOST_NAME, `it has a name of ${size} bytes`);
  return textAt(await reader.take(size), 0, size);
}

/** The path without tar's leading "./" and without a trailing slash; "" is the root. */
function checkedPath(text: string): string {
  const path = text.replace(/^(\.\/)+/, "").replace(/\/$/, "");
  if (path === "" || path === ".") return "";
  const inWords = JSON.stringify(text);
  expect(!path.startsWith("/"), `it has the absolute name ${inWords}`);
  expect(path.length <= MOST_NAME, `it has a name of ${path.length} characters`);
  for (const part of path.split("/")) {
    expect(part !== "" && part !== "." && part !== "..", `it has an entry named ${inWords}`);
    expect(Buffer.byteLength(part) <= 255, `it has an entry with a name of ${part.length} characters`);
  }
  return path;
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function textAt(bytes: Buffer, at: number, length: number): string {
  const field = bytes.subarray(at, at + length);
  const end = field.indexOf(0);
  try {
    return decoder.decode(end === -1 ? field : field.subarray(0, end));
  } catch {
    throw new UnsoundArchive(`it has the name ${JSON.stringify(field.toString("latin1"))}, which is no UTF-8`);
  }
}

/** A number as octal digits, or in GNU's binary form after a byte of 0x80. */
function numberAt(block: Buffer, at: number, width: number): number {
  if (block[at] === 0x80) {
    const value = block.readBigUInt64BE(at + width - 8);
    expect(width > 8 && value <= BigInt(Number.MAX_SAFE_INTEGER), "it has a number that is too large");
    return Number(value);
  }
  const digits = /^ *([0-7]*)[ \0]*$/.exec(block.toString("latin1", at, at + width))?.[1];
  expect(digits !== undefined, "it has a header with a number that is none");
  return digits === "" ? 0 : Number.parseInt(digits, 8);
}
