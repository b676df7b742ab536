/**
 * Finds the instruction `popf` (`popfq`) in programs for x86-64. It goes from instruction to instruction, because the byte alone also stands in constants and
 * addresses; bytes that are no instruction are passed over one by one.
 *
 * Of all instructions that are different in ring 0 it is the only one that Linux programs contain: the others trap in ring 3. After a `pushf` it restores
 * what was there, the interrupt flag as well, so that such pairs, as OpenSSL has them, do no harm.
 */
import { instructionLength, isPrefix } from "./instruction-length.ts";

const PUSHF = 0x9c;
const POPF = 0x9d;
/** With prefixes. */
const LONGEST = 3;
/** The most bytes between the two of a pair. */
const PAIR_BYTES = 4_096;
const PT_LOAD = 1;
const EXECUTABLE = 1;
const PROGRAM_HEADER_BYTES = 56;

/** Where in the file there is one without its `pushf`. A file that is no ELF program has none. */
export function loosePopfs(program: Buffer): number[] {
  const loose: number[] = [];
  for (const { from, to } of executableParts(program)) {
    const saved: number[] = [];
    for (let at = from; at < to;) {
      const length = instructionLength(program, at);
      const opcode = length === 0 || length > LONGEST ? undefined : program[at + length - 1];
      if ((opcode === PUSHF || opcode === POPF) && program.subarray(at, at + length - 1).every(isPrefix)) {
        const place = at + length - 1;
        if (opcode === PUSHF) saved.push(place);
        else if (place - (saved.pop() ?? -Infinity) > PAIR_BYTES) loose.push(place);
      }
      at += Math.max(1, length);
    }
  }
  return loose;
}

function executableParts(elf: Buffer): { from: number; to: number }[] {
  const parts: { from: number; to: number }[] = [];
  if (elf.length < 64) return parts;
  const first = Number(elf.readBigUInt64LE(32));
  const end = Math.min(elf.length, first + elf.readUInt16LE(56) * PROGRAM_HEADER_BYTES);
  for (let at = first; at + PROGRAM_HEADER_BYTES <= end; at += PROGRAM_HEADER_BYTES) {
    if (elf.readUInt32LE(at) !== PT_LOAD || (elf.readUInt32LE(at + 4) & EXECUTABLE) === 0) continue;
    const from = Number(elf.readBigUInt64LE(at + 8));
    parts.push({ from, to: Math.min(elf.length, from + Number(elf.readBigUInt64LE(at + 32))) });
  }
  return parts;
}
