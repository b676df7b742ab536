/** What is measured of files, by whatever way they are reached. One operation at a time: the next begins when the last has ended. */
import { closeSync, fsyncSync, openSync, readSync, statSync, unlinkSync, writeSync } from "node:fs";

/** Small files of each kind, and the bytes of one; bytes of a large file, and of the pieces in which it is read and written. */
export const sizes = { files: 300, small: 1_024, large: 64 * 2 ** 20, piece: 2 ** 20 };

/** A way to files of one folder, by their names. */
export interface Files {
  /** Makes a file of so many bytes, piece by piece. It is on the server at the end. */
  write(name: string, bytes: number): void;
  /** Returns the number of bytes. */
  read(name: string): number;
  /** Returns the number of bytes. */
  stat(name: string): number;
  remove(name: string): void;
}

/** Bytes and operations a second. */
export type Figures = Record<"write" | "read" | "smallWrite" | "smallRead" | "stat" | "remove", number>;

/** The files that somebody else must have made before, so that nothing of them is known on the way that is measured. */
export const madeBefore = (own: string) => ({ large: `${own}-large`, small: each(`${own}-small`), known: each(`${own}-known`) });

/** @param own the names of all files begin with it */
export function measure(files: Files, own: string): Figures {
  const { large, small, known } = madeBefore(own);
  const made = each(`${own}-made`);
  const expect = (bytes: number, wanted: number) => {
    if (bytes !== wanted) throw new Error(`${bytes} bytes, not ${wanted}`);
  };
  const perSecond = (count: number, work: () => void) => {
    const from = performance.now();
    work();
    return (count * 1_000) / (performance.now() - from);
  };
  return {
    write: perSecond(sizes.large, () => files.write(`${own}-written`, sizes.large)),
    read: perSecond(sizes.large, () => expect(files.read(large), sizes.large)),
    smallWrite: perSecond(made.length, () => made.forEach((name) => files.write(name, sizes.small))),
    smallRead: perSecond(small.length, () => small.forEach((name) => expect(files.read(name), sizes.small))),
    stat: perSecond(known.length, () => known.forEach((name) => expect(files.stat(name), sizes.small))),
    remove: perSecond(made.length, () => made.forEach((name) => files.remove(name))),
  };
}

function each(name: string): string[] {
  return Array.from({ length: sizes.files }, (_, n) => `${name}-${n}`);
}

/** Files of a folder, by the kernel. */
export function filesOf(folder: string): Files {
  const buffer = Buffer.alloc(sizes.piece, "0123456789abcdef");
  return {
    write(name, bytes) {
      const file = openSync(`${folder}/${name}`, "w");
      for (let left = bytes; left > 0;) left -= writeSync(file, buffer, 0, Math.min(left, buffer.length));
      if (bytes > buffer.length) fsyncSync(file);
      closeSync(file);
    },
    read(name) {
      const file = openSync(`${folder}/${name}`, "r");
      let bytes = 0;
      for (let got; (got = readSync(file, buffer, 0, buffer.length, null)) > 0;) bytes += got;
      closeSync(file);
      return bytes;
    },
    stat: (name) => statSync(`${folder}/${name}`).size,
    remove: (name) => unlinkSync(`${folder}/${name}`),
  };
}
