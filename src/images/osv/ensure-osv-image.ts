/** Returns the OSv image for a kernel and the present inputs: from the cache, otherwise built from the Linux image's root. */
import { createHash } from "node:crypto";
import { chmod, copyFile, mkdir, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type RuntimeName, usualRuntime } from "../../base/kind/machine-kind.ts";
import { sha256OfFile } from "../damage.ts";
import { moveUnlessThere, withDraftFolder } from "../draft-folder.ts";
import { type EnsureImageOptions, ensureImage } from "../ensure-image.ts";
import { type Image, describeImage } from "../image.ts";
import { removeTemplatesOf } from "../inventory/templates.ts";
import { putFile } from "../put-file.ts";
import { imageTree } from "../image-tree.ts";
import { writeOsvDisk } from "./disk.ts";
import { checkOsvKernel } from "./kernel-file.ts";
import { type OsvImage, type OsvImageDescription, describeOsvImage, isCompleteOsv, osvImageIn, osvImagesFolder } from "./osv-image.ts";
import { osvRoot } from "./root-tree.ts";

/** @param osvKernel the file that the user named, if any. @param runtime one with an agent of its own; the default is Node. Rejects with "missing-part", "bad-osv-kernel" or like ensureImage(). */
export async function ensureOsvImage(options: EnsureImageOptions & { osvKernel: string | undefined }): Promise<OsvImage> {
  const { cacheDir, progress, runtime = usualRuntime } = options;
  const kernel = checkOsvKernel(options.osvKernel);
  const linux = await ensureImage(options);
  const folder = osvImagesFolder(cacheDir);
  await mkdir(join(folder, "keys"), { recursive: true });
  const key = join(folder, "keys", await inputKey(linux, kernel));
  const found = await lookUp(folder, key);
  const damage = found && (await damageOfOsv(found));
  if (found !== undefined && damage === undefined) return found;
  progress(
    found === undefined
      ? `building the OSv image of the runtime ${runtime} from ${kernel}`
      : `the OSv image ${found.id.slice(0, 16)} is damaged (${damage}): building it anew`,
  );
  if (found !== undefined) {
    await removeTemplatesOf(cacheDir, found.id);
    await rm(found.dir, { recursive: true, force: true });
  }
  const image = await build(folder, { linux, kernel, runtime });
  await putFile(key, `${image.id}\n`);
  return image;
}

async function inputKey(linux: Image, kernel: string): Promise<string> {
  const folders = [import.meta.dirname, join(import.meta.dirname, "../rofs")];
  const sources = (await Promise.all(folders.map(sourcesIn))).flat();
  return sha256([linux.id, await sha256OfFile(kernel), ...sources].join("\n"));
}

async function sourcesIn(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts")).toSorted();
  return Promise.all(names.map((name) => readFile(join(folder, name), "utf8")));
}

async function lookUp(folder: string, key: string): Promise<OsvImage | undefined> {
  const id = await readFile(key, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (id === undefined) return undefined;
  const image = osvImageIn(join(folder, id.trim()), id.trim());
  return isCompleteOsv(image) ? image : undefined;
}

/** Returns what is wrong, as a clause, or undefined. */
export async function damageOfOsv(image: OsvImage): Promise<string | undefined> {
  const description = await describeOsvImage(image).catch(() => undefined);
  const { kernel, root } = description?.sha256 ?? {};
  if (sha256(`${kernel}\n${root}\n`) !== image.id) return "its image.json is of another image";
  if ((await sha256OfFile(image.kernel)) !== kernel) return "its kernel is not what it was";
  return (await sha256OfFile(image.root)) === root ? undefined : "its disk is not what it was";
}

interface Parts {
  linux: Image;
  /** The path of OSv's kernel. */
  kernel: string;
  runtime: RuntimeName;
}

function build(folder: string, { linux, kernel, runtime }: Parts): Promise<OsvImage> {
  return withDraftFolder(folder, async (scratch) => {
    const draft = osvImageIn(join(scratch, "image"), "draft");
    await mkdir(draft.dir);
    await copyFile(kernel, draft.kernel);
    await writeOsvDisk(await osvRoot(imageTree(linux)), draft.root);
    const description = await describe(draft, linux, runtime);
    await seal(draft, description);
    return publish(folder, draft, description.id);
  });
}

async function describe(draft: OsvImage, linux: Image, runtime: RuntimeName): Promise<OsvImageDescription> {
  const [kernel, root] = await Promise.all([sha256OfFile(draft.kernel), sha256OfFile(draft.root)]);
  return {
    id: sha256(`${kernel}\n${root}\n`),
    runtime,
    nodeVersion: (await describeImage(linux)).nodeVersion ?? "none",
    from: linux.id,
    size: { kernel: (await stat(draft.kernel)).size, root: (await stat(draft.root)).size },
    sha256: { kernel, root },
    builtAt: new Date().toISOString(),
  };
}

/** Makes the image readable for all, because machines run as another user, and writable for nobody. */
async function seal(draft: OsvImage, description: OsvImageDescription): Promise<void> {
  const json = join(draft.dir, "image.json");
  await writeFile(json, `${JSON.stringify(description, null, 2)}\n`);
  for (const path of [draft.kernel, draft.root, json]) await chmod(path, 0o444);
  await chmod(draft.dir, 0o755);
}

async function publish(folder: string, draft: OsvImage, id: string): Promise<OsvImage> {
  const image = osvImageIn(join(folder, id), id);
  if (!isCompleteOsv(image)) await rm(image.dir, { recursive: true, force: true });
  // Other inputs may have had the same result, too.
  await moveUnlessThere(draft.dir, image.dir);
  return image;
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
