/**
 * Tells how long an instruction of x86-64 is, from the opcode maps in Intel's Software Developer's Manual, volume 2, appendix A: prefixes, the opcode in one of
 * its maps, ModRM with what it brings, constants; VEX and EVEX. What an instruction does is of no interest here.
 */

/** What follows an opcode. The lowest three bits are the bytes of its constant. */
const NONE = 0;
const BYTE = 1;
const WORD = 2;
/** Two bytes after the prefix 66, otherwise four. */
const FULL = 1 << 4;
/** Eight bytes with REX.W, otherwise as FULL. */
const LONG = 1 << 5;
/** An address of eight bytes, or of four after the prefix 67. */
const ADDRESS = 1 << 6;
/** A ModRM byte, and what that brings. */
const MODRM = 1 << 7;
/** ModRM, and a constant only if its middle field is 0 or 1. */
const TEST = 1 << 8;
/** The distance of a jump, always four bytes. */
const FAR = 1 << 9;
const INVALID = 1 << 10;

const oneByte = table(
  [0x00, 0x3f, (opcode) => [MODRM, MODRM, MODRM, MODRM, BYTE, FULL, INVALID, INVALID][opcode & 7]!],
  [0x50, 0x5f, NONE],
  [0x63, 0x63, MODRM],
  [0x68, 0x68, FULL],
  [0x69, 0x69, MODRM | FULL],
  [0x6a, 0x6a, BYTE],
  [0x6b, 0x6b, MODRM | BYTE],
  [0x6c, 0x6f, NONE],
  [0x70, 0x7f, BYTE],
  [0x80, 0x83, (opcode) => (opcode === 0x81 ? MODRM | FULL : opcode === 0x82 ? INVALID : MODRM | BYTE)],
  [0x84, 0x8f, MODRM],
  [0x90, 0x99, NONE],
  [0x9b, 0x9f, NONE],
  [0xa0, 0xa3, ADDRESS],
  [0xa4, 0xa7, NONE],
  [0xa8, 0xa8, BYTE],
  [0xa9, 0xa9, FULL],
  [0xaa, 0xaf, NONE],
  [0xb0, 0xb7, BYTE],
  [0xb8, 0xbf, LONG],
  [0xc0, 0xc1, MODRM | BYTE],
  [0xc2, 0xc2, WORD],
  [0xc3, 0xc3, NONE],
  [0xc6, 0xc6, MODRM | BYTE],
  [0xc7, 0xc7, MODRM | FULL],
  [0xc8, 0xc8, WORD | BYTE],
  [0xc9, 0xc9, NONE],
  [0xca, 0xca, WORD],
  [0xcb, 0xcc, NONE],
  [0xcd, 0xcd, BYTE],
  [0xcf, 0xcf, NONE],
  [0xd0, 0xd3, MODRM],
  [0xd7, 0xd7, NONE],
  [0xd8, 0xdf, MODRM],
  [0xe0, 0xe7, BYTE],
  [0xe8, 0xe9, FAR],
  [0xeb, 0xeb, BYTE],
  [0xec, 0xef, NONE],
  [0xf1, 0xf1, NONE],
  [0xf4, 0xf5, NONE],
  [0xf6, 0xf6, TEST | BYTE],
  [0xf7, 0xf7, TEST | FULL],
  [0xf8, 0xfd, NONE],
  [0xfe, 0xff, MODRM],
);

/** Opcodes after 0f. */
const twoBytes = table(
  [0x00, 0x03, MODRM],
  [0x05, 0x0b, (opcode) => (opcode === 0x0a ? INVALID : NONE)],
  [0x0d, 0x0e, (opcode) => (opcode === 0x0d ? MODRM : NONE)],
  [0x0f, 0x0f, MODRM | BYTE],
  [0x10, 0x23, MODRM],
  [0x28, 0x2f, MODRM],
  [0x30, 0x37, NONE],
  [0x40, 0x6f, MODRM],
  [0x70, 0x73, MODRM | BYTE],
  [0x74, 0x76, MODRM],
  [0x77, 0x77, NONE],
  [0x78, 0x7f, MODRM],
  [0x80, 0x8f, FAR],
  [0x90, 0x9f, MODRM],
  [0xa0, 0xa2, NONE],
  [0xa3, 0xa5, (opcode) => (opcode === 0xa4 ? MODRM | BYTE : MODRM)],
  [0xa8, 0xaa, NONE],
  [0xab, 0xc1, (opcode) => (opcode === 0xac || opcode === 0xba ? MODRM | BYTE : MODRM)],
  [0xc2, 0xc7, (opcode) => (opcode === 0xc3 || opcode === 0xc7 ? MODRM : MODRM | BYTE)],
  [0xc8, 0xcf, NONE],
  [0xd0, 0xff, MODRM],
);

type Row = [from: number, to: number, form: number | ((opcode: number) => number)];

function table(...rows: Row[]): Int16Array {
  const forms = new Int16Array(256).fill(INVALID);
  for (const [from, to, form] of rows)
    for (let opcode = from; opcode <= to; opcode++) forms[opcode] = typeof form === "number" ? form : form(opcode);
  return forms;
}

/** Whether the byte may stand before an opcode: a REX or a legacy prefix. */
export function isPrefix(byte: number): boolean {
  return (byte & 0xf0) === 0x40 || isLegacyPrefix(byte);
}

function isLegacyPrefix(byte: number): boolean {
  if (byte < 0x64) return (byte & 0xe7) === 0x26;
  return byte <= 0x67 || byte === 0xf0 || byte === 0xf2 || byte === 0xf3;
}

/** 0 if there is no instruction. What would reach beyond the end is one. */
export function instructionLength(bytes: Buffer, start: number): number {
  let at = start;
  let isShort = false;
  let isNarrow = false;
  for (; isLegacyPrefix(bytes[at]!) && at - start < 14; at++) {
    if (bytes[at] === 0x66) isShort = true;
    if (bytes[at] === 0x67) isNarrow = true;
  }
  const isWide = (bytes[at]! & 0xf8) === 0x48;
  if ((bytes[at]! & 0xf0) === 0x40) at += 1;
  const opcode = bytes[at++]!;
  if (opcode === 0xc4 || opcode === 0xc5 || opcode === 0x62) return vectorLength(bytes, at, opcode) + at - start;
  let form = oneByte[opcode]!;
  if (opcode === 0x0f) {
    const second = bytes[at++]!;
    if (second === 0x38 || second === 0x3a) {
      at += 1;
      form = second === 0x38 ? MODRM : MODRM | BYTE;
    } else form = twoBytes[second]!;
  }
  if (form === undefined || (form & INVALID) !== 0) return 0;
  if ((form & TEST) !== 0) form = ((bytes[at]! >> 3) & 7) < 2 ? (form & ~TEST) | MODRM : MODRM;
  if ((form & MODRM) !== 0) at += operandLength(bytes, at);
  at += form & 7;
  if ((form & FULL) !== 0) at += isShort && !isWide ? 2 : 4;
  if ((form & LONG) !== 0) at += isWide ? 8 : isShort ? 2 : 4;
  if ((form & ADDRESS) !== 0) at += isNarrow ? 4 : 8;
  if ((form & FAR) !== 0) at += 4;
  return at - start;
}

/** Of what follows the first byte of VEX or EVEX: the rest of the prefix, the opcode, ModRM, a constant. */
function vectorLength(bytes: Buffer, at: number, kind: number): number {
  const map = kind === 0xc5 ? 1 : bytes[at]! & (kind === 0xc4 ? 0x1f : 7);
  const prefix = kind === 0xc5 ? 1 : kind === 0xc4 ? 2 : 3;
  const opcode = bytes[at + prefix]!;
  if (map === 1 && opcode === 0x77 && kind !== 0x62) return prefix + 1;
  const constant = map === 3 ? BYTE : map === 1 ? twoBytes[opcode]! & BYTE : 0;
  return prefix + 1 + operandLength(bytes, at + prefix + 1) + constant;
}

/** Of ModRM, SIB and the displacement. */
function operandLength(bytes: Buffer, at: number): number {
  const mod = bytes[at]! >> 6;
  const rm = bytes[at]! & 7;
  if (mod === 3) return 1;
  const sib = rm === 4 ? 1 : 0;
  const displacement = mod === 1 ? 1 : mod === 2 || (sib === 1 ? bytes[at + 1]! & 7 : rm) === 5 ? 4 : 0;
  return 1 + sib + displacement;
}
