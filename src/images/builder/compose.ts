/** An image from its modules' parts: kernel, initrd, root, and the description of all. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { chmod, copyFile, mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { withDraftFolder } from "../draft-folder.ts";
import { makeErofs } from "../erofs.ts";
import {
  descriptionFile,
  type Image,
  type ImageDescription,
  imageAt,
  imageId,
  imageIn,
  imagesFolder,
  isComplete,
  type RunSpec,
} from "../image.ts";
import { makeInitrd } from "../initrd.ts";
import type { Kernel } from "../kernel.ts";
import { putFile } from "../put-file.ts";
import { readKernelWith } from "../standalone/kernel-modules.ts";
import { standaloneInitrd } from "../standalone/standalone-initrd.ts";
import type { ImageInputs } from "./collect-inputs.ts";
import { describeModules, describePackages } from "./describe.ts";
import type { ModuleInputs } from "./module-tree.ts";
import { RootDraft } from "./root-draft.ts";
import type { Step } from "./step-cache.ts";

/** A module, and its part of the root. */
export interface Part {
  inputs: ModuleInputs;
  step: Step;
}

export async function composeImage(cacheDir: string, inputs: ImageInputs, parts: Part[], run: RunSpec | null): Promise<Image> {
  await mkdir(imagesFolder(cacheDir), { recursive: true });
  return withDraftFolder(imagesFolder(cacheDir), async (folder) => {
    const draft = imageIn(folder, "draft");
    const kernel = await readKernelWith(
      inputs.kernel.package.dir,
      run === null ? inputs.kernel.module.agentDrivers : inputs.kernel.module.drivers,
    );
    await copyFile(kernel.vmlinuz, draft.kernel);
    await writeFile(draft.initrd, await initrdOf(inputs, kernel, run));
    const root = await RootDraft.open(draft.rootTree);
    for (const { inputs: part, step } of parts) await root.tree(step.tree, part.module.name);
    await makeErofs(draft.rootTree, draft.root);
    const files = await describeFiles(draft, run);
    const modules = describeModules(parts, root.contents);
    const nodeVersion = modules.find(({ name }) => name === "node")?.version ?? null;
    const packages = describePackages(inputs, parts);
    const description = { ...files, run, kernelVersion: kernel.release, nodeVersion, modules, packages, builtAt: new Date().toISOString() };
    await seal(draft, description);
    return publish(cacheDir, draft, description);
  });
}

async function initrdOf({ busybox }: ImageInputs, kernel: Kernel, run: RunSpec | null): Promise<Buffer> {
  const program = await readFile(join(busybox.dir, "bin/busybox"));
  return run === null ? makeInitrd(program, kernel.modules) : standaloneInitrd(program, kernel.modules);
}

async function describeFiles(draft: Image, run: RunSpec | null): Promise<Pick<ImageDescription, "id" | "sha256" | "size">> {
  const [kernel, initrd, root] = await Promise.all([draft.kernel, draft.initrd, draft.root].map(sha256OfFile));
  const sha256 = { kernel: kernel!, initrd: initrd!, root: root! };
  const size = { kernel: (await stat(draft.kernel)).size, initrd: (await stat(draft.initrd)).size, root: (await stat(draft.root)).size };
  return { id: imageId(sha256, run), sha256, size };
}

async function seal(draft: Image, description: ImageDescription): Promise<void> {
  await writeFile(descriptionFile(draft), `${JSON.stringify(description, null, 2)}\n`);
  for (const path of [draft.kernel, draft.initrd, draft.root, descriptionFile(draft)]) await chmod(path, 0o444);
  // mkdtemp made it for us alone; machines run as another user.
  await chmod(draft.dir, 0o755);
}

async function publish(cacheDir: string, draft: Image, description: ImageDescription): Promise<Image> {
  const image = imageAt(cacheDir, description.id);
  if (!isComplete(image)) await rm(image.dir, { recursive: true, force: true });
  const isNew = await rename(draft.dir, image.dir).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      // The same image is there already, from another builder or from other inputs with the same outcome.
      if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
      return false;
    },
  );
  // Its modules' names and tests may be others, though.
  if (!isNew) await putFile(descriptionFile(image), `${JSON.stringify(description, null, 2)}\n`);
  return image;
}

async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest("hex");
}
