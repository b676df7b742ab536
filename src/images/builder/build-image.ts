/**
 * Builds images from modules. Each module's part of the root is a build step of its own, cached by its inputs. A changed module rebuilds
 * only its own part and the parts of modules that require it. The image is then composed from the parts.
 *
 * All work is done in draft folders in the cache, which are renamed to their final places in one step. So a crash leaves no half-built
 * image, and two simultaneous builders end with the same image.
 */
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { damageOf } from "../damage.ts";
import { toldIfFull } from "../disk-full.ts";
import { type Image, imageAt, imagesFolder, isComplete, isUnpacked, type RunSpec } from "../image.ts";
import { removeTemplatesOf } from "../inventory/templates.ts";
import { putFile } from "../put-file.ts";
import { type BuildOptions, collectInputs, type ImageInputs } from "./collect-inputs.ts";
import { composeImage, type Composition } from "./compose.ts";
import { codeKeys, imageKey, moduleKey } from "./keys.ts";
import { makeModuleTree } from "./module-tree.ts";
import { runSpecOf } from "./run-spec.ts";
import { cachedStep, forgetSteps } from "./step-cache.ts";
import type { Part } from "./part.ts";

/**
 * Returns the image of these modules: from the cache by the key of its inputs, otherwise built. A cached image is read completely, and
 * rebuilt if it is damaged. Without `refresh`, the network is used only for packages that are not yet pinned and cached. Rejects with
 * "bad-module", "disk-full", "image-build-failed" or "missing-part".
 */
export function buildImage(options: BuildOptions): Promise<Image> {
  return findOrMake(options).catch(toldIfFull(options.cacheDir));
}

async function findOrMake(options: BuildOptions): Promise<Image> {
  const plan = await makePlan(options);
  const found = await lookUp(options.cacheDir, plan.key);
  if (found === undefined) return (await make(plan, options))!;
  const damage = await damageOf(found, { tree: options.tree ?? false });
  return damage === undefined ? found : mend(plan, options, found, damage);
}

/** Returns the image only if it is already built. */
export async function findBuilt(options: BuildOptions): Promise<Image | undefined> {
  const { key } = await makePlan(options);
  return lookUp(options.cacheDir, key);
}

type Wanted = Pick<Composition, "replace" | "only">;

/** Returns undefined if the build produced a different image than the wanted one. */
async function make({ inputs, partKeys, run, key }: Plan, options: BuildOptions, wanted: Wanted = { replace: false }) {
  const parts = await makeParts(inputs, partKeys, options);
  options.progress(`putting the image together: ${parts.map((part) => part.inputs.module.name).join(", ")}`);
  const image = await composeImage(options.cacheDir, { inputs, parts, run, ...wanted });
  if (image !== undefined) await remember(options.cacheDir, key, image.id);
  return image;
}

/**
 * Rebuilds a damaged image from the cached steps. The same inputs must give the same id. If the id differs, the steps are damaged as well,
 * and are rebuilt. If it still differs, so are the packages with which the steps share files, and these are downloaded again.
 */
async function mend(plan: Plan, options: BuildOptions, damaged: Image, damage: string): Promise<Image> {
  const { cacheDir, progress } = options;
  progress(`the image ${damaged.id.slice(0, 16)} is damaged (${damage}): building it anew`);
  // Templates that were made from the damaged files may contain the damage.
  await removeTemplatesOf(cacheDir, damaged.id);
  const same = { replace: true, only: damaged.id };
  const fromSteps = await make(plan, options, same);
  if (fromSteps !== undefined) return fromSteps;
  progress("the cached parts of the image are damaged, too: making them anew");
  await forgetSteps(cacheDir, [...plan.partKeys.values()]);
  const fromPackages = await make(plan, options, same);
  if (fromPackages !== undefined) return fromPackages;
  progress("the unpacked packages are damaged, too: fetching them anew");
  await forgetSteps(cacheDir, [...plan.partKeys.values()]);
  await forgetPackages(plan.inputs);
  return (await make(await makePlan(options), options, { replace: true }))!;
}

async function forgetPackages({ modules, kernel, busybox }: ImageInputs): Promise<void> {
  const packages = [kernel.package, busybox, ...modules.flatMap(({ closure, sources }) => [...closure, ...Object.values(sources)])];
  for (const { dir } of packages) await rm(dir, { recursive: true, force: true });
}

interface Plan {
  inputs: ImageInputs;
  /** The keys of the modules' parts, by module name. */
  partKeys: Map<string, string>;
  run: RunSpec | null;
  /** The key of the image. */
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

/** The keys by module name. */
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
  { cacheDir, uids, progress }: BuildOptions,
): Promise<Part[]> {
  const parts: Part[] = [];
  for (const inputs of modules) {
    const { name } = inputs.module;
    const required = parts.filter((part) => requirements.get(name)!.has(part.inputs.module.name)).map(({ step }) => step.tree);
    const step = await cachedStep(cacheDir, keys.get(name)!, (tree) => {
      progress(`making the module ${name}`);
      return makeModuleTree({ cacheDir, uids }, inputs, required, tree);
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
  if (id === undefined || !/^[0-9a-f]{64}\s*$/.test(id)) return undefined;
  const image = imageAt(cacheDir, id.trim());
  return isComplete(image) && isUnpacked(image) ? image : undefined;
}

async function remember(cacheDir: string, key: string, id: string): Promise<void> {
  await mkdir(join(imagesFolder(cacheDir), "keys"), { recursive: true });
  await putFile(keyFile(cacheDir, key), `${id}\n`);
}

function keyFile(cacheDir: string, key: string): string {
  return join(imagesFolder(cacheDir), "keys", key);
}
