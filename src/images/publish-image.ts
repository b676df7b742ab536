/** The last step of every build and pull: a finished draft takes its place among the images. */
import { chmod, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { damageOf } from "./damage.ts";
import { withDraftFolder } from "./draft-folder.ts";
import { type Image, imageAt, imagesFolder, isComplete, isUnpacked } from "./image.ts";

export interface Published {
  image: Image;
  /** False where a sound image of the same id was there already, and stays. */
  isNew: boolean;
}

/**
 * One that is there already is kept, unless it is damaged; it gets the draft's unpacked root if it has none of its own. `replace`: the draft takes
 * the place of whatever is there. What runs on the old files goes on: they are removed, not written to.
 */
export async function publishImage(cacheDir: string, draft: Image, id: string, { replace = false } = {}): Promise<Published> {
  const image = imageAt(cacheDir, id);
  // mkdtemp made it for us alone; machines run as another user.
  await chmod(draft.dir, 0o755);
  if (replace || !isComplete(image) || (await damageOf(image)) !== undefined) await setAside(cacheDir, draft, image);
  if (await appears(draft.dir, image.dir)) return { image, isNew: true };
  // An image that was pulled from a store has no unpacked root.
  if (isUnpacked(draft) && !isUnpacked(image)) await appears(draft.rootTree, image.rootTree);
  return { image, isNew: false };
}

/** An image without an unpacked root gets that of the one whose place it takes. */
async function setAside(cacheDir: string, draft: Image, image: Image): Promise<void> {
  await withDraftFolder(imagesFolder(cacheDir), async (folder) => {
    await rename(image.dir, join(folder, "old")).catch(ifThere);
    if (!isUnpacked(draft)) await rename(join(folder, "old/root"), draft.rootTree).catch(ifThere);
    await rm(join(folder, "old"), { recursive: true, force: true });
  });
}

function ifThere(error: NodeJS.ErrnoException): void {
  if (error.code !== "ENOENT") throw error;
}

/** Whether it did: not where another builder or puller was first. */
async function appears(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOTEMPTY" || code === "EEXIST") return false;
    throw error;
  }
}
