/**
 * Where clients have come to in lists of folders. They name a place by the number of entries before it, which is enough to find it again; what the entry before it is called is
 * remembered for some, so that a long folder is not read from its beginning for each page.
 */
import { type BucketTree, type Entry, type FolderNode, keyOf } from "./bucket-tree.ts";

interface Listing {
  number: bigint;
  tree: BucketTree;
}

/** Places that are remembered. */
const MOST = 200;

export class ReadingPlaces {
  /** By bucket, folder and number of entries: after which key the list goes on. */
  readonly #known = new Map<string, string>();

  /** The entries after the first `before` ones: at least one unless the list ends there. @param most if there are more, some are left for the next page */
  async from({ number, tree }: Listing, folder: FolderNode, before: bigint, most: number): Promise<{ entries: Entry[]; isLast: boolean }> {
    const known = before === 0n ? "" : this.#known.get(nameOf(number, folder, before));
    let [place, after] = known === undefined ? [0n, ""] : [before, known];
    for (;;) {
      const { entries, next } = await tree.list(folder, after, most);
      const end = place + BigInt(entries.length);
      if (next === null || end > before) return { entries: entries.slice(Number(before - place)), isLast: next === null };
      [place, after] = [end, next];
    }
  }

  /** A client has come to behind this entry. */
  passed({ number }: Listing, folder: FolderNode, place: bigint, { node }: Entry): void {
    const name = nameOf(number, folder, place);
    this.#known.delete(name);
    this.#known.set(name, keyOf(node));
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MOST) break;
      this.#known.delete(oldest);
    }
  }
}

function nameOf(number: bigint, { path }: FolderNode, place: bigint): string {
  return `${number} ${place} ${path}`;
}
