/** Writes zip archives, such as jars: without compression, so that a JVM reads its classes as they are, and the same files give the same bytes. */
import { crc32 } from "node:zlib";

interface ZipFile {
  /** With `/` between its parts. */
  name: string;
  data: Buffer;
}

/** Version 2.0 of the format, which is the first with folders. */
const VERSION = 20;
/** The names are UTF-8. */
const UTF8 = 0x0800;
/** The 1st of January 1980, in MS-DOS's form: the earliest that there is. */
const EARLIEST_DAY = 0x21;

/** The files, in the order given. */
export function makeZip(files: ZipFile[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, data } of files) {
    const path = Buffer.from(name);
    const facts = factsOf(path, data);
    directory.push(uint32(0x02014b50), uint16(VERSION), facts, uint16(0), uint16(0), uint16(0), uint32(0), uint32(at), path);
    const local = [uint32(0x04034b50), facts, path, data];
    parts.push(...local);
    at += Buffer.concat(local).length;
  }
  const index = Buffer.concat(directory);
  const end = [uint32(0x06054b50), uint32(0), uint16(files.length), uint16(files.length), uint32(index.length), uint32(at), uint16(0)];
  return Buffer.concat([...parts, index, ...end]);
}

/** What both headers of a file have, from the version that can unpack it to the length of further fields, of which there are none. */
function factsOf(path: Buffer, data: Buffer): Buffer {
  const stored = uint16(0);
  const sizes = [uint32(data.length), uint32(data.length)];
  return Buffer.concat([
    uint16(VERSION),
    uint16(UTF8),
    stored,
    uint16(0),
    uint16(EARLIEST_DAY),
    uint32(crc32(data)),
    ...sizes,
    uint16(path.length),
    uint16(0),
  ]);
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
