import { MayflyError } from "../base/errors/error.ts";
import { type ErofsEntry, readErofs } from "./erofs/read-erofs.ts";
import { UnsoundErofs } from "./erofs/format.ts";

/**
 * The entries of an image's root, read from the file system itself, because a pulled image has no unpacked folder. Throws "bad-image" if
 * the root breaks a rule.
 */
export function imageTree({ id, root }: { id: string; root: string }): ErofsEntry[] {
  try {
    return readErofs(root);
  } catch (error) {
    if (!(error instanceof UnsoundErofs)) throw error;
    throw new MayflyError("bad-image", { image: id, what: `its root is not a valid file system: ${error.message}` }, error);
  }
}
