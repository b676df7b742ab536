/**
 * How much a file system that somebody else made may hold. Every entry of it is kept in memory, and some files' bytes are copied, but one inode, one
 * target or one block of data may be named a million times in a few bytes: so what counts is what is given out, as often as it is.
 */
export interface TreeBounds {
  /** A folder, file or link. */
  entry(path: string): void;
  /** Of a symbolic link, beside its entry. */
  target(text: string): void;
  /** Its bytes, beside its entry; a file counts as often as it has names. */
  file(size: number): void;
}

const MOST_ENTRIES = 500_000;
/** Of all paths and targets together. */
const MOST_CHARACTERS = 64 << 20;
const MOST_TIMES_ITS_SIZE = 8;

/** @param bytes the file system's own size @param expect throws the format's error */
export function createTreeBounds(bytes: number, expect: (holds: boolean, otherwise: string) => void): TreeBounds {
  let entries = 0;
  let characters = 0;
  let fileBytes = 0;
  const text = (length: number) => {
    characters += length;
    expect(characters <= MOST_CHARACTERS, `its paths and the targets of its links have over ${MOST_CHARACTERS} characters`);
  };
  return {
    entry(path) {
      entries += 1;
      expect(entries <= MOST_ENTRIES, `it has over ${MOST_ENTRIES} entries`);
      text(path.length);
    },
    target: ({ length }) => text(length),
    file(size) {
      fileBytes += size;
      expect(fileBytes <= MOST_TIMES_ITS_SIZE * bytes, "its files have far more bytes than it has itself");
    },
  };
}
