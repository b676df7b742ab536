/** Makes zip files as the tests need them: whole ones, and ones that nobody should unpack. */
import { crc32, deflateRawSync } from "node:zlib";

export interface ZippedFile {
  name: string;
  content: string | Buffer;
  /** Of Unix; default: a regular file that may be read. */
  mode?: number;
  deflated?: boolean;
  /** What the directory says of the length, if not the truth. */
  saidBytes?: number;
}

const REGULAR = 0o100644;
const UNIX = 3 << 8;

export function zip(files: ZippedFile[]): Buffer {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let at = 0;
  for (const { name, content, mode = REGULAR, deflated = false, saidBytes } of files) {
    const bytes = Buffer.from(content);
    const stored = deflated ? deflateRawSync(bytes) : bytes;
    const encoded = Buffer.from(name);
    const head = Buffer.alloc(30);
    head.writeUInt32LE(0x04034b50, 0);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(0x0800, 2);
    common.writeUInt16LE(deflated ? 8 : 0, 4);
    common.writeUInt32LE(crc32(bytes), 10);
    common.writeUInt32LE(stored.length, 14);
    common.writeUInt32LE(saidBytes ?? bytes.length, 18);
    common.writeUInt16LE(encoded.length, 22);
    common.copy(head, 4);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(UNIX | 20, 4);
    common.copy(entry, 6);
    entry.writeUInt32LE((mode << 16) >>> 0, 38);
    entry.writeUInt32LE(at, 42);
    locals.push(head, encoded, stored);
    central.push(entry, encoded);
    at += head.length + encoded.length + stored.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...locals, directory, end]);
}
