/** The last step of every build and pull: moves a finished draft to its place among the images. */
import { chmod, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { damageOf } from "./damage.ts";
import { withDraftFolder } from "./draft-folder.ts";
import { type Image, imageAt, imagesFolder, isComplete, isUnpacked } from "./image.ts";

export interface Published {
  image: Image;
  /** False if an undamaged image of the same id already existed; that image stays. */
  isNew: boolean;
}

/**
 * An existing image is kept unless it is damaged; if it has no unpacked root, it gets the draft's. `replace`: the draft replaces whatever
 * exists. Programs that use the old files continue to work, because these are removed and never overwritten.
 */
export async function publishImage(cacheDir: string, draft: Image, id: string, { replace = false } = {}): Promise<Published> {
  const image = imageAt(cacheDir, id);
  // mkdtemp made the folder accessible to this user only, but machines run as another user.
  await chmod(draft.dir, 0o755);
  if (replace || !isComplete(image) || (await damageOf(image)) !== undefined) await setAside(cacheDir, draft, image);
  if (await appears(draft.dir, image.dir)) return { image, isNew: true };
  // An image that was pulled from a store has no unpacked root.
  if (isUnpacked(draft) && !isUnpacked(image)) await appears(draft.rootTree, image.rootTree);
  return { image, isNew: false };
}

/** Moves the old image away. If the new image has no unpacked root, it gets the old one's. */
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

/** Returns whether the rename took place: it does not if another builder or puller was first. */
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
