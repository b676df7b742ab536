/** Composes an image from its modules' parts: kernel, initrd, root, and the description. */
import { chmod, copyFile, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { posix } from "node:path";
import type { AgentName } from "../../base/kind/machine-kind.ts";
import { sha256OfFile } from "../damage.ts";
import { withDraftFolder } from "../draft-folder.ts";
import { makeErofs } from "../erofs/make-erofs.ts";
import { descriptionFile, type Image, type ImageDescription, imageId, imageIn, imagesFolder, type RunSpec } from "../image.ts";
import { spareDriversFolder } from "../guest-layout.ts";
import { makeInitrd } from "../initrd.ts";
import type { Kernel } from "../kernel.ts";
import { publishImage } from "../publish-image.ts";
import { putFile } from "../put-file.ts";
import { readKernelWith } from "../standalone/kernel-modules.ts";
import { standaloneInitrd } from "../standalone/standalone-initrd.ts";
import type { ImageInputs } from "./collect-inputs.ts";
import { describeModules, describePackages } from "./describe.ts";
import { placeInside } from "./inside.ts";
import { RootDraft } from "./root-draft.ts";
import type { Part } from "./part.ts";

export interface Composition {
  inputs: ImageInputs;
  parts: Part[];
  run: RunSpec | null;
  /** An existing image of the same id is known to be damaged. */
  replace: boolean;
  /** If set, only an image with this id is wanted. */
  only?: string | undefined;
}

/** Returns undefined if the result is not the wanted image. */
export async function composeImage(cacheDir: string, { inputs, parts, run, replace, only }: Composition): Promise<Image | undefined> {
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
    if (run === null) await laySpareDrivers(inputs, root);
    await makeErofs(draft.rootTree, draft.root);
    const files = await describeFiles(draft, run);
    if (only !== undefined && files.id !== only) return undefined;
    const modules = describeModules(parts, root.contents);
    const nodeVersion = modules.find(({ name }) => name === "node")?.version ?? null;
    const packages = describePackages(inputs, parts);
    const description = { ...files, run, kernelVersion: kernel.release, nodeVersion, modules, packages, builtAt: new Date().toISOString() };
    await seal(draft, description);
    return publish(cacheDir, draft, description, replace);
  });
}

async function laySpareDrivers({ kernel, modules }: ImageInputs, root: RootDraft): Promise<void> {
  const owner = modules.find(({ module }) => module.kernel === kernel.module)!.module.name;
  const drivers = await readKernelWith(kernel.package.dir, kernel.module.agentSpareDrivers);
  for (const { name, data } of drivers.modules) await root.file(posix.join(spareDriversFolder, name), owner, { data }, false);
}

/** The runtime of an image that starts an agent. */
function runtimeOf(modules: ImageInputs["modules"]): AgentName {
  return modules.map(({ module }) => module.agent).find((agent) => agent !== undefined)!;
}

async function initrdOf({ busybox, modules }: ImageInputs, kernel: Kernel, run: RunSpec | null): Promise<Buffer> {
  const program = await readFile(await placeInside(busybox.dir, "/bin/busybox"));
  return run === null ? makeInitrd(program, kernel.modules, runtimeOf(modules)) : standaloneInitrd(program, kernel.modules);
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
}

async function publish(cacheDir: string, draft: Image, description: ImageDescription, replace: boolean): Promise<Image> {
  const { image, isNew } = await publishImage(cacheDir, draft, description.id, { replace });
  // The same files may come from modules with other names and tests, so the description is updated.
  if (!isNew) await putFile(descriptionFile(image), `${JSON.stringify(description, null, 2)}\n`);
  return image;
}
