/**
 * A kernel of 49 bytes that QEMU starts in the same way as OSv's (an ELF for x86-64 with a PVH entry). It prints its command line on the
 * first serial port, and ends the machine by a triple fault.
 */

const LOADED_AT = 0x10_0000;
const HEADERS = 64 + 2 * 56;
const NOTE_BYTES = 24;

// prettier-ignore
const CODE = [
  0x8b, 0x73, 0x18, //             esi = start_info->cmdline_paddr
  0x66, 0xba, 0xf8, 0x03, //       dx = 0x3f8
  0xac, //                   next: al = *esi++
  0x84, 0xc0, 0x74, 0x14, //       if (al == 0) goto done
  0x88, 0xc4, //                   ah = al
  0x66, 0x83, 0xc2, 0x05, //       dx += 5
  0xec, 0xa8, 0x20, //       wait: al = in(dx); al & 0x20
  0x74, 0xfb, //                   if (zero) goto wait
  0x66, 0x83, 0xea, 0x05, //       dx -= 5
  0x88, 0xe0, 0xee, //             out(dx, ah)
  0xeb, 0xe7, //                   goto next
  0xb0, 0x0a, 0xee, //       done: out(dx, '\n')
  0x0f, 0x01, 0x1d, 0, 0, 0, 0, // lidt [none]
  0xcc, //                         int3
  0, 0, 0, 0, 0, 0, //       none: an empty table of interrupts
];
const LIDT_ADDRESS = 38;

export function tinyKernel(): Buffer {
  const code = Buffer.from(CODE);
  code.writeUInt32LE(LOADED_AT + CODE.length - 6, LIDT_ADDRESS);
  return Buffer.concat([elfHeader(), loadHeader(), noteHeader(), note(), code]);
}

function elfHeader(): Buffer {
  const header = Buffer.alloc(64);
  header.write("\x7fELF\x02\x01\x01", "latin1");
  // An executable for x86-64, version 1; its entry, and its two program headers from byte 64.
  header.writeUInt16LE(2, 16);
  header.writeUInt16LE(62, 18);
  header.writeUInt32LE(1, 20);
  header.writeBigUInt64LE(BigInt(LOADED_AT), 24);
  header.writeBigUInt64LE(64n, 32);
  header.writeUInt16LE(64, 52);
  header.writeUInt16LE(56, 54);
  header.writeUInt16LE(2, 56);
  return header;
}

function loadHeader(): Buffer {
  return programHeader({ type: 1, flags: 7, offset: HEADERS + NOTE_BYTES, address: LOADED_AT, bytes: CODE.length, align: 4_096 });
}

function noteHeader(): Buffer {
  return programHeader({ type: 4, flags: 4, offset: HEADERS, address: 0, bytes: NOTE_BYTES, align: 4 });
}

interface Segment {
  type: number;
  flags: number;
  offset: number;
  address: number;
  bytes: number;
  align: number;
}

function programHeader({ type, flags, offset, address, bytes, align }: Segment): Buffer {
  const header = Buffer.alloc(56);
  header.writeUInt32LE(type, 0);
  header.writeUInt32LE(flags, 4);
  [offset, address, address, bytes, bytes, align].forEach((value, at) => header.writeBigUInt64LE(BigInt(value), 8 + at * 8));
  return header;
}

/** Xen's note number 18: the address at which a PVH start begins. */
function note(): Buffer {
  const bytes = Buffer.alloc(NOTE_BYTES);
  [4, 8, 18].forEach((value, at) => bytes.writeUInt32LE(value, at * 4));
  bytes.write("Xen\0", 12, "latin1");
  bytes.writeBigUInt64LE(BigInt(LOADED_AT), 16);
  return bytes;
}
