/**
 * Writes the kernel's initramfs format, "newc" cpio. Times, owners and inode numbers are fixed, so that the same entries give the same
 * bytes. Format: Documentation/driver-api/early-userspace/buffer-format.rst of the Linux source.
 */

export interface CpioEntry {
  /** Relative, without a leading slash; parents come before their children. */
  path: string;
  /** File type and permissions, as in stat: 0o100755, 0o040755, 0o120777. */
  mode: number;
  /** A file's content, or the target of a symbolic link; empty for a folder. */
  data: Buffer;
}

export function directory(path: string): CpioEntry {
  return { path, mode: 0o040755, data: Buffer.alloc(0) };
}

export function file(path: string, data: Buffer, permissions: number): CpioEntry {
  return { path, mode: 0o100000 | permissions, data };
}

export function writeCpio(entries: CpioEntry[]): Buffer {
  const records = entries.map((entry, index) => record(entry, index + 1));
  const trailer = record({ path: "TRAILER!!!", mode: 0, data: Buffer.alloc(0) }, 0);
  return padTo(512, Buffer.concat([...records, trailer]));
}

function record(entry: CpioEntry, inode: number): Buffer {
  const name = Buffer.from(`${entry.path}\0`);
  const links = (entry.mode & 0o170000) === 0o040000 ? 2 : 1;
  // inode, mode, uid, gid, links, mtime, size, device (2), special device (2), length of the name, checksum
  const fields = [inode, entry.mode, 0, 0, links, 0, entry.data.length, 0, 0, 0, 0, name.length, 0];
  const header = `070701${fields.map(hex).join("")}`;
  return Buffer.concat([padTo(4, Buffer.concat([Buffer.from(header), name])), padTo(4, entry.data)]);
}

function hex(value: number): string {
  return value.toString(16).padStart(8, "0");
}

function padTo(unit: number, bytes: Buffer): Buffer {
  const missing = (unit - (bytes.length % unit)) % unit;
  return missing === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(missing)]);
}
