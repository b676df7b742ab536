/**
 * Limits how much a foreign file system may contain. Every entry is kept in memory, and the bytes of some files are copied. But a few bytes
 * can name one inode, one target or one block of data a million times. So every use counts, not only every distinct object.
 */
export interface TreeBounds {
  /** Counts a folder, file or link. */
  entry(path: string): void;
  /** Counts a symbolic link's target, in addition to its entry. */
  target(text: string): void;
  /** Counts a file's bytes, in addition to its entry; a file counts once per name. */
  file(size: number): void;
}

const MOST_ENTRIES = 500_000;
/** The maximum length of all paths and targets together. */
const MOST_CHARACTERS = 64 << 20;
const MOST_TIMES_ITS_SIZE = 8;

/** @param bytes the size of the file system itself @param expect throws the format's error */
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
