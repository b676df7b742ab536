/**
 * Images in the cache. Once an image's folder appears, it never changes: `<cacheDir>/images/<id>/`, where id = sha256 over the sha256 of
 * kernel, initrd and root, and over what a command image runs.
 *
 * vmlinuz       the kernel
 * initrd.cpio   busybox, kernel modules and the script that mounts the root and starts what is in it
 * root.erofs    the root: an uncompressed erofs file system, everything owned by root, all times 0
 * root/         the same root as an unpacked folder, for drivers without a kernel. Only if the image was built here: images pulled from a
 * store are never unpacked
 * image.json    ImageDescription: modules, packages, sizes, hashes, and `run`
 *
 * There are two sorts of image, which differ in what their initrd starts. In an image with the module `agent`, `run` is null: the script
 * starts the agent, as the platform's drivers expect (init-script.ts). Every other image is a command image: its initrd is
 * `standaloneInitrd`, `run` says what its modules want to run, and the program that starts it appends `configInitrd(run, surroundings)` to
 * the initrd (standalone/). The root contains only the files of the image's modules; Mayfly's own files are all in the initrd.
 */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { MayflyError } from "../base/errors/error.ts";
import { descriptionSchema } from "./description.ts";
import { agentPath } from "./guest-layout.ts";
import type { ModuleTest } from "./modules/module.ts";

export interface Image {
  /** sha256 in hex. */
  id: string;
  dir: string;
  kernel: string;
  initrd: string;
  /** An erofs file system, uncompressed. */
  root: string;
  /** The same root as an unpacked folder, if the image was built here. */
  rootTree: string;
  /** The bundled agent as a file on the host; exists only if the image contains the agent. */
  agent: string;
}

/** What a command image runs. */
export interface RunSpec {
  env: Record<string, string>;
  /** Absolute. */
  cwd: string;
  /** Commands that run one after another before the main command; if one fails, the machine ends. */
  init: string[][];
  /** The program, either absolute or looked up in env.PATH, and its arguments. */
  command: string[];
}

/** One module of an image. */
export interface ModuleRecord {
  name: string;
  description: string;
  version: string | null;
  requires: string[];
  tests: ModuleTest[];
  /** The number of files in the root. A file that two modules contain counts for the first of them. */
  files: number;
  bytes: number;
}

export interface PackageRecord {
  from: "debian" | "npm";
  name: string;
  version: string;
  /** The digest of the package's archive: "sha256-…" in hex, or npm's integrity. */
  digest: string;
  /** The module that needs the package; "initrd" for the kernel and the programs that start it. */
  module: string;
  /** How many bytes of the package are in the module's part of the root; 0 if not counted. */
  bytes: number;
}

/** What `mayfly image` shows, and the content of image.json. Sizes in bytes. */
export interface ImageDescription {
  id: string;
  kernelVersion: string;
  /** Null if the image contains no Node. */
  nodeVersion: string | null;
  /** Null if the image starts the agent. */
  run: RunSpec | null;
  /** In the order in which they were laid into the root. */
  modules: ModuleRecord[];
  packages: PackageRecord[];
  size: { kernel: number; initrd: number; root: number };
  sha256: { kernel: string; initrd: string; root: string };
  /** ISO 8601. Not part of the id. */
  builtAt: string;
}

/** The id: sha256 in hex over the files, and over what a command image runs. */
export function imageId({ kernel, initrd, root }: ImageDescription["sha256"], run: RunSpec | null): string {
  const lines = [kernel, initrd, root, ...(run === null ? [] : [JSON.stringify(run)])];
  return createHash("sha256")
    .update(lines.map((line) => `${line}\n`).join(""))
    .digest("hex");
}

export function imagesFolder(cacheDir: string): string {
  return join(cacheDir, "images");
}

export function imageAt(cacheDir: string, id: string): Image {
  return imageIn(join(imagesFolder(cacheDir), id), id);
}

export function imageIn(dir: string, id: string): Image {
  const rootTree = join(dir, "root");
  return {
    id,
    dir,
    kernel: join(dir, "vmlinuz"),
    initrd: join(dir, "initrd.cpio"),
    root: join(dir, "root.erofs"),
    rootTree,
    agent: join(rootTree, agentPath),
  };
}

/** Whether all of the image's files exist. An image appears as a whole, so only a user can have removed files. */
export function isComplete(image: Image): boolean {
  return [image.kernel, image.initrd, image.root, descriptionFile(image)].every((path) => existsSync(path));
}

/** Whether the image also has its root as a folder; images that were pulled from a store do not. */
export function isUnpacked(image: Image): boolean {
  return existsSync(image.rootTree);
}

export function descriptionFile(image: Image): string {
  return join(image.dir, "image.json");
}

const schema = descriptionSchema(z.string());

/** Rejects with "image-damaged" if image.json is not a valid description. */
export async function describeImage(image: Image): Promise<ImageDescription> {
  const text = await readFile(descriptionFile(image), "utf8");
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw new MayflyError("image-damaged", { image: image.id, what: "its image.json does not describe an image" }, error);
  }
}

/**
 * Every image in the cache with a valid description, the newest first. Images of an earlier Mayfly, and damaged ones, are left out: nothing
 * uses them any more.
 */
export async function listImages(cacheDir: string): Promise<ImageDescription[]> {
  if (!existsSync(imagesFolder(cacheDir))) return [];
  const names = (await readdir(imagesFolder(cacheDir))).filter((name) => /^[0-9a-f]{64}$/.test(name));
  const images = names.map((id) => imageAt(cacheDir, id)).filter(isComplete);
  const descriptions = await Promise.all(images.map(describedOrNot));
  return descriptions.filter((one) => one !== undefined).toSorted((a, b) => (a.builtAt < b.builtAt ? 1 : -1));
}

function describedOrNot(image: Image): Promise<ImageDescription | undefined> {
  return describeImage(image).catch((error: unknown) => {
    if (error instanceof MayflyError && error.code === "image-damaged") return undefined;
    throw error;
  });
}
