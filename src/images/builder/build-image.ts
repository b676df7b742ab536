/**
 * Builds images of modules. Each module's part of the root is a step of its own, cached by its inputs, so that a changed module makes
 * only itself anew, and those that require it; the image is then put together from these parts.
 *
 * All work is done in folders of their own beside the cache's, which take their places by one rename: a crash leaves no half image, and two
 * builders at once end with the same one.
 */
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Image, imageAt, imagesFolder, isComplete, type RunSpec } from "../image.ts";
import { putFile } from "../put-file.ts";
import { type BuildOptions, collectInputs, type ImageInputs } from "./collect-inputs.ts";
import { composeImage, type Part } from "./compose.ts";
import { codeKeys, imageKey, moduleKey } from "./keys.ts";
import { makeModuleTree } from "./module-tree.ts";
import { runSpecOf } from "./run-spec.ts";
import { cachedStep } from "./step-cache.ts";

/**
 * The image of these modules: found in the cache by the key of its inputs, else built. Without `refresh` the network is used only for
 * packages that are not pinned and cached yet. Rejects with "bad-module", "image-build-failed" or "missing-part".
 */
export async function buildImage(options: BuildOptions): Promise<Image> {
  const plan = await makePlan(options);
  const found = await lookUp(options.cacheDir, plan.key);
  if (found !== undefined) return found;
  const { inputs, partKeys, run } = plan;
  const parts = await makeParts(inputs, partKeys, options);
  options.progress(`putting the image together: ${parts.map((part) => part.inputs.module.name).join(", ")}`);
  const image = await composeImage(options.cacheDir, inputs, parts, run);
  await remember(options.cacheDir, plan.key, image.id);
  return image;
}

/** The same, if it is built already. */
export async function findBuilt(options: BuildOptions): Promise<Image | undefined> {
  const { key } = await makePlan(options);
  return lookUp(options.cacheDir, key);
}

interface Plan {
  inputs: ImageInputs;
  /** Of the modules' parts, by the module's name. */
  partKeys: Map<string, string>;
  run: RunSpec | null;
  /** Of the image. */
  key: string;
}

async function makePlan(options: BuildOptions): Promise<Plan> {
  const inputs = await collectInputs(options);
  const code = await codeKeys();
  const modules = inputs.modules.map(({ module }) => module);
  const run = runSpecOf(modules, inputs.requirements);
  const partKeys = moduleKeys(code.parts, inputs);
  return { inputs, partKeys, run, key: imageKey(code.image, inputs, [...partKeys.values()], run) };
}

/** By the module's name. */
function moduleKeys(code: string, { modules, requirements }: ImageInputs): Map<string, string> {
  const keys = new Map<string, string>();
  for (const inputs of modules) {
    const required = modules.filter(({ module }) => requirements.get(inputs.module.name)!.has(module.name));
    keys.set(
      inputs.module.name,
      moduleKey(
        code,
        inputs,
        required.map(({ module }) => keys.get(module.name)!),
      ),
    );
  }
  return keys;
}

async function makeParts(
  { modules, requirements }: ImageInputs,
  keys: Map<string, string>,
  { cacheDir, progress }: BuildOptions,
): Promise<Part[]> {
  const parts: Part[] = [];
  for (const inputs of modules) {
    const { name } = inputs.module;
    const required = parts.filter((part) => requirements.get(name)!.has(part.inputs.module.name)).map(({ step }) => step.tree);
    const step = await cachedStep(cacheDir, keys.get(name)!, (tree) => {
      progress(`making the module ${name}`);
      return makeModuleTree(cacheDir, inputs, required, tree);
    });
    parts.push({ inputs, step });
  }
  return parts;
}

async function lookUp(cacheDir: string, key: string): Promise<Image | undefined> {
  const id = await readFile(keyFile(cacheDir, key), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (id === undefined) return undefined;
  const image = imageAt(cacheDir, id.trim());
  return isComplete(image) ? image : undefined;
}

async function remember(cacheDir: string, key: string, id: string): Promise<void> {
  await mkdir(join(imagesFolder(cacheDir), "keys"), { recursive: true });
  await putFile(keyFile(cacheDir, key), `${id}\n`);
}

function keyFile(cacheDir: string, key: string): string {
  return join(imagesFolder(cacheDir), "keys", key);
}
