/**
 * The files of machines whose runtime is node, as far as a program of an app may need them: Node, the loader and the libraries. They are found without an
 * image, so that a deploy from another computer than the server need not make one: from the same packages, by the same rules as in an image.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { resolveInside } from "./builder/inside.ts";
import { fetchProgramRoot, imageSuite } from "./debian/program-root.ts";
import { type Look, sharedLibraries } from "./elf/shared-libraries.ts";
import { nodePath } from "./guest-layout.ts";
import node from "./modules/built-in/node/module.ts";
import { nodeBinary } from "./project.ts";

export interface MachineFilesOptions {
  cacheDir: string;
  progress: (step: string) => void;
}

/** By their paths in the machine, their paths on this host. Rejects with "missing-part" or "image-build-failed". */
export async function machineFiles({ cacheDir, progress }: MachineFilesOptions): Promise<Map<string, string>> {
  const { sources = [], files = [] } = await node();
  // Not all that the caller gave: what surrounds a deploy of `mayfly dev` has `packages` of its own.
  const root = await fetchProgramRoot({ suite: imageSuite, packages: sources, cacheDir, progress });
  const placeOf = async (path: string) => {
    const inside = await resolveInside(root, path);
    return inside === undefined ? undefined : join(root, inside);
  };
  const inRoot: Look = async (path) => {
    const place = await placeOf(path);
    return place === undefined ? undefined : readFile(place);
  };
  const { libraries, interpreter } = await sharedLibraries({ path: nodePath, data: await readFile(nodeBinary) }, inRoot);
  const places = new Map([[nodePath, nodeBinary]]);
  const found = [...libraries, ...(interpreter === undefined ? [] : [{ path: interpreter, foundAt: interpreter }])];
  for (const { path, foundAt } of found) places.set(path, (await placeOf(foundAt))!);
  // What the image has beside what Node needs: libraries of Debian's packages.
  for (const file of files) {
    const [, inPackage] = /^debian:[^/]+\/(.*)$/.exec("from" in file ? file.from : "") ?? [];
    const place = inPackage === undefined ? undefined : await placeOf(`/${inPackage}`);
    if (place !== undefined) places.set(file.to, place);
  }
  return places;
}
