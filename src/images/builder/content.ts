/** Expands a module's `files` and `programs` into single files, each with its path in the image. */
import { createHash } from "node:crypto";
import { glob, lstat, readFile, readlink, stat } from "node:fs/promises";
import { isAbsolute, join, posix, relative, resolve } from "node:path";
import type { DebianPackage } from "../debian/fetch-package.ts";
import { MayflyError } from "../../base/errors/error.ts";
import type { Module, ModuleContent } from "../modules/module.ts";
import { pathsIn } from "../paths-in.ts";
import { resolveInside } from "./inside.ts";
import { javaKeyStore } from "./java-key-store.ts";
import type { FileSource } from "./root-draft.ts";

/** Packages, keyed by the name under which they were requested. */
export type Sources = Record<string, DebianPackage>;

export type Piece = { to: string; owner: string; identity: string } & (
  | { kind: "file"; source: FileSource; program: boolean }
  | { kind: "symlink"; target: string }
);

/** Sorted by path in the image. Rejects with "bad-module" if something is missing. */
export async function piecesOf(module: Module, sources: Sources): Promise<Piece[]> {
  const pieces = (await Promise.all(module.files.map((content) => expand(module, content, sources)))).flat();
  return pieces.toSorted((a, b) => (a.to < b.to ? -1 : 1));
}

/** The place on this host of a single file that a module names. */
export async function hostFile(module: Module, from: string, sources: Sources): Promise<{ path: string; owner: string }> {
  const { root, pattern, owner } = place(module, from, sources);
  const inside = owner === module.name ? pattern : await resolveInside(root, `/${pattern}`);
  const path = inside && join(root, inside);
  if (path === undefined || (await stat(path).catch(() => undefined))?.isFile() !== true) throw nothing(module, from);
  return { path, owner };
}

/** For each of a module's programs, in order, a text that stands for its bytes. */
export function programIdentities(module: Module, sources: Sources): Promise<string[]> {
  return Promise.all(
    module.programs.map(async ({ from, identity }) => {
      const { path } = await hostFile(module, from, sources);
      return identity ?? identityOf(path);
    }),
  );
}

async function identityOf(path: string): Promise<string> {
  return sha256(await readFile(path));
}

async function expand(module: Module, content: ModuleContent, sources: Sources): Promise<Piece[]> {
  if ("text" in content) return [atHand(module, content.to, Buffer.from(content.text), content.executable)];
  if ("data" in content) return [atHand(module, content.to, content.data, content.executable)];
  if ("join" in content) return [atHand(module, content.to, await joined(module, content, sources), false)];
  const { root, pattern, owner } = place(module, content.from, sources);
  const found = await matching(root, pattern);
  if (found.length === 0) throw nothing(module, content.from);
  const base = staticPart(pattern);
  const pieces = found.map(async (path) => {
    const folder = await realPath(module, content.from, { root, path: posix.dirname(path), owner });
    return piece({ from: join(folder, posix.basename(path)), owner, to: clean(posix.join(content.to, relative(base, path))) }, content);
  });
  return Promise.all(pieces);
}

interface Found {
  /** The path on this host. */
  from: string;
  owner: string;
  to: string;
}

async function piece(
  { from, owner, to }: Found,
  content: { executable?: boolean | undefined; identity?: string | undefined },
): Promise<Piece> {
  const stats = await lstat(from);
  if (stats.isSymbolicLink()) {
    const target = await readlink(from);
    return { kind: "symlink", to, owner, target, identity: target };
  }
  const program = content.executable ?? (stats.mode & 0o111) !== 0;
  const identity = content.identity ?? (await identityOf(from));
  return { kind: "file", to, owner, source: { copy: from }, program, identity: `${identity} ${program}` };
}

/** Resolves a package's links inside the package, as in an image, never to files of this host. */
async function realPath(
  module: Module,
  from: string,
  { root, path, owner }: { root: string; path: string; owner: string },
): Promise<string> {
  if (owner === module.name) return join(root, path);
  const inside = await resolveInside(root, `/${path}`);
  if (inside === undefined) throw nothing(module, from);
  return join(root, inside);
}

function atHand(module: Module, to: string, data: Uint8Array, program = false): Piece {
  return { kind: "file", to: clean(to), owner: module.name, source: { data }, program, identity: `${sha256(data)} ${program}` };
}

async function joined(module: Module, { join: from, as }: Extract<ModuleContent, { join: string }>, sources: Sources): Promise<Buffer> {
  const { root, pattern, owner } = place(module, from, sources);
  const found = await matching(root, pattern);
  if (found.length === 0) throw nothing(module, from);
  const texts = await Promise.all(found.map(async (path) => readFile(await realPath(module, from, { root, path, owner }), "utf8")));
  if (as === "java-key-store") return javaKeyStore(texts.map((pem, index) => ({ name: posix.basename(found[index]!), pem })));
  return Buffer.from(texts.map((text) => `${text.trimEnd()}\n`).join(""));
}

/** The folder from which the pattern starts, and its owner. */
function place(module: Module, from: string, sources: Sources): { root: string; pattern: string; owner: string } {
  if (!from.startsWith("debian:")) {
    if (isAbsolute(from)) return { root: "/", pattern: from.slice(1), owner: module.name };
    return { root: module.dir, pattern: posix.normalize(from), owner: module.name };
  }
  const [name, ...rest] = from.slice("debian:".length).split("/");
  const found = sources[name!];
  if (found !== undefined && module.sources.includes(name!)) return { root: found.dir, pattern: rest.join("/"), owner: name! };
  throw new MayflyError("bad-module", { module: module.asked, what: `${from}: ${name} is not among the module's sources` });
}

/** Files and symbolic links, sorted; a folder stands for everything inside it. */
async function matching(root: string, pattern: string): Promise<string[]> {
  const found: string[] = [];
  for await (const path of glob(pattern, { cwd: root })) {
    const stats = await lstat(resolve(root, path));
    if (!stats.isDirectory()) found.push(path);
    else if (!hasWildcard(pattern)) found.push(...(await allIn(root, path)));
  }
  return found.toSorted();
}

async function allIn(root: string, folder: string): Promise<string[]> {
  const paths = (await pathsIn(join(root, folder))).map((path) => join(folder, path));
  const stats = await Promise.all(paths.map((path) => lstat(join(root, path))));
  return paths.filter((_, index) => !stats[index]!.isDirectory());
}

/** The folders before the first wildcard; the whole pattern if it has none. */
function staticPart(pattern: string): string {
  const parts = pattern.split("/");
  const first = parts.findIndex(hasWildcard);
  return first === -1 ? pattern : parts.slice(0, first).join("/");
}

function hasWildcard(text: string): boolean {
  return /[*?[{]/.test(text);
}

function clean(path: string): string {
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}

function nothing(module: Module, from: string): MayflyError {
  return new MayflyError("bad-module", { module: module.asked, what: `there is no file ${from}` });
}

function sha256(data: Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}
