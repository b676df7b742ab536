/** Checks whether the file that a user named as OSv's kernel can be started by QEMU. */
import { closeSync, openSync, readSync } from "node:fs";
import { MayflyError } from "../../base/errors/error.ts";

const ELF = Buffer.from("\x7fELF", "latin1");
const MULTIBOOT = 0x1badb002;
/** A multiboot header must lie within this many bytes. */
const HEADER_BYTES = 8_192;
/** ELF types of a program for a fixed address, and for any address. */
const PROGRAM = new Set([2, 3]);
const INTERPRETER = 3;
const X86_64 = 62;
const I386 = 3;

/** Throws "missing-part" if no file is named, "bad-osv-kernel" if it is not a kernel. */
export function checkOsvKernel(file: string | undefined): string {
  if (file === undefined || file === "") throw noKernel();
  const fault = faultOf(readHead(file));
  if (fault !== undefined) throw new MayflyError("bad-osv-kernel", { file, what: fault });
  return file;
}

function readHead(file: string): Buffer {
  try {
    const fd = openSync(file, "r");
    try {
      const head = Buffer.alloc(HEADER_BYTES);
      return head.subarray(0, readSync(fd, head, 0, HEADER_BYTES, 0));
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    throw new MayflyError("bad-osv-kernel", { file, what: (error as Error).message }, error);
  }
}

function faultOf(head: Buffer): string | undefined {
  if (head.length < 64) return `it has ${head.length} bytes`;
  if (!head.subarray(0, 4).equals(ELF)) return notElf(head);
  const [width, order, type, machine] = [head[4], head[5], head.readUInt16LE(16), head.readUInt16LE(18)];
  if (order !== 1 || !PROGRAM.has(type)) return "it is an ELF file, but no program";
  if (width === 2 && machine === X86_64) return wantsLoader(head) ? "it is a program for Linux, not a kernel" : undefined;
  if (width === 1 && machine === I386 && hasMultiboot(head)) return undefined;
  return `it is an ELF program for another machine (number ${machine}), and not for x86-64`;
}

function notElf(head: Buffer): string {
  const bootRecord = head.length >= 512 && head.readUInt16LE(510) === 0xaa55;
  return bootRecord ? "it is a disk image, such as loader.img; loader.elf is wanted" : "it is no ELF file";
}

/** Whether the file names a dynamic loader; a kernel does not, because nothing could load it. */
function wantsLoader(head: Buffer): boolean {
  const [at, size, count] = [Number(head.readBigUInt64LE(32)), head.readUInt16LE(54), head.readUInt16LE(56)];
  for (let n = 0; n < count && at + n * size + 4 <= head.length; n++) if (head.readUInt32LE(at + n * size) === INTERPRETER) return true;
  return false;
}

function hasMultiboot(head: Buffer): boolean {
  for (let at = 0; at + 4 <= head.length; at += 4) if (head.readUInt32LE(at) === MULTIBOOT) return true;
  return false;
}

function noKernel(): MayflyError {
  return new MayflyError("missing-part", {
    part: "the OSv kernel",
    reason: "Mayfly ships none, and none is named",
    cure: "Take loader.elf from a release of OSv or a build of it (docs/osv.md), and name it: --osv-kernel FILE, or MAYFLY_OSV_KERNEL=FILE.",
  });
}
