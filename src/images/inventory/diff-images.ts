/** The differences between two images. */
import { describeImage, type Image, type ImageDescription } from "../image.ts";
import { rootFiles, sameContent } from "./root-files.ts";

/** `from` is missing for an addition, `to` for a removal. */
export interface Change {
  what: string;
  from?: string;
  to?: string;
}

export interface ImageDiff {
  from: string;
  to: string;
  /** "kernel", "initrd", "run" and modules with their versions. */
  parts: Change[];
  packages: Change[];
  /** Sizes in bytes; "symbolic link to …" for a link. */
  files: Change[];
}

export async function diffImages(from: Image, to: Image): Promise<ImageDiff> {
  const [before, after] = [await describeImage(from), await describeImage(to)];
  return {
    from: from.id,
    to: to.id,
    parts: changes(partsOf(before), partsOf(after)),
    packages: changes(packagesOf(before), packagesOf(after)),
    files: await fileChanges(from, to),
  };
}

function partsOf({ kernelVersion, sha256, run, modules }: ImageDescription): Map<string, string> {
  return new Map([
    ["kernel", `${kernelVersion} (${sha256.kernel.slice(0, 12)})`],
    ["initrd", sha256.initrd.slice(0, 12)],
    ["run", run === null ? "the agent" : JSON.stringify(run)],
    ...modules.map(({ name, version }): [string, string] => [`module ${name}`, version ?? "present"]),
  ]);
}

function packagesOf({ packages }: ImageDescription): Map<string, string> {
  return new Map(packages.map(({ from, name, version }) => [`${from} ${name}`, version]));
}

function changes(before: Map<string, string>, after: Map<string, string>): Change[] {
  const all = [...new Set([...before.keys(), ...after.keys()])];
  return all.filter((what) => before.get(what) !== after.get(what)).map((what) => change(what, before.get(what), after.get(what)));
}

function change(what: string, from: string | undefined, to: string | undefined): Change {
  return { what, ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
}

async function fileChanges(from: Image, to: Image): Promise<Change[]> {
  const [before, after] = [rootFiles(from), rootFiles(to)];
  const found: Change[] = [];
  for (const path of [...new Set([...before.keys(), ...after.keys()])].toSorted()) {
    const [a, b] = [before.get(path), after.get(path)];
    if (a !== undefined && b !== undefined && (await sameContent(a, b))) continue;
    found.push(change(path, a && fileInWords(a), b && fileInWords(b)));
  }
  return found;
}

function fileInWords({ target, bytes, program }: { target: string | undefined; bytes: number; program: boolean }): string {
  return target === undefined ? `${bytes} bytes${program ? ", executable" : ""}` : `symbolic link to ${target}`;
}
