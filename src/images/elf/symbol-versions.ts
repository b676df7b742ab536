/**
 * Reads which versions of symbols an ELF file needs of its libraries, and which it defines itself (LSB Core, chapter "Symbol Versioning"): the loader ends a
 * program that needs one which its library lacks, such as GLIBC_2.38 of an older libc.
 */
import { withDynamicPart } from "./read-elf.ts";

export interface NeededVersion {
  /** The library's name, as among the names that the file needs. */
  library: string;
  version: string;
}

const tag = { definitions: 0x6ffffffcn, definitionCount: 0x6ffffffdn, needs: 0x6ffffffen, needCount: 0x6fffffffn } as const;
const WEAK = 2;
/** Far more than any file has, of all its lists together. */
const MOST = 10_000;

/** Throws what readElf() throws. Versions that are needed weakly are left out, because a program starts without them. */
export function neededVersions(file: Buffer): NeededVersion[] {
  return withDynamicPart(file, ({ offsetOf, numberOf, text }) => {
    const found: NeededVersion[] = [];
    let seen = 0;
    // Verneed: u16 version, u16 count, u32 file, u32 first Vernaux, u32 next.
    for (const need of places(file, offsetOf(tag.needs), numberOf(tag.needCount), 12)) {
      const library = text(file.readUInt32LE(need + 4));
      // Vernaux: u32 hash, u16 flags, u16 other, u32 name, u32 next.
      for (const each of places(file, need + file.readUInt32LE(need + 8), file.readUInt16LE(need + 2), 12)) {
        if ((file.readUInt16LE(each + 4) & WEAK) === 0) found.push({ library, version: text(file.readUInt32LE(each + 8)) });
        if (++seen > MOST) throw new RangeError("too many versions");
      }
    }
    return found;
  });
}

/** None for a library whose symbols have no versions. Throws what readElf() throws. */
export function definedVersions(file: Buffer): Set<string> {
  return withDynamicPart(file, ({ offsetOf, numberOf, text }) => {
    // Verdef: u16 version, u16 flags, u16 index, u16 count, u32 hash, u32 first Verdaux, u32 next. The first Verdaux begins with its u32 name.
    const definitions = places(file, offsetOf(tag.definitions), numberOf(tag.definitionCount), 16);
    return new Set(definitions.map((each) => text(file.readUInt32LE(each + file.readUInt32LE(each + 12)))));
  });
}

/** The offsets of a list's items. @param next where in an item the distance to the next one stands, as a u32 */
function places(file: Buffer, first: number | undefined, count: number, next: number): number[] {
  if (first === undefined) return [];
  if (count > MOST) throw new RangeError(`${count} items`);
  const found: number[] = [];
  for (let at = first; found.length < count;) {
    found.push(at);
    const distance = file.readUInt32LE(at + next);
    if (distance === 0) break;
    at += distance;
  }
  return found;
}
