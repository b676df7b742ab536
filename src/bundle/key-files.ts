/** Puts the public keys that `access` names by files into the manifest: the server gets no files beside the code. */
import { readFileSync } from "node:fs";
import { isAbsolute, relative, resolve, sep } from "node:path";
import { MayflyError } from "../base/errors/error.ts";
import { whyNoJson } from "../base/errors/json-failure.ts";
import { isKeysUrl, type JwtRule, type KeySet, type Way, waysOf } from "../store/catalog/access-schema.ts";
import type { Manifest } from "../store/catalog/manifest.ts";
import { MANIFEST_BYTES, parseManifest } from "../store/catalog/parse-manifest.ts";
import { statOf } from "./files/stat-of.ts";

type Access = Manifest["access"];

/** Throws "bad-manifest". @param file the manifest's, for errors */
export function withKeyFiles(manifest: Manifest, dir: string, file: string): Manifest {
  const all = [manifest.access, ...Object.values(manifest.functions).map(({ access }) => access)];
  if (!all.some(namesFiles)) return manifest;
  const read = (access: Access) => (namesFiles(access) ? { access: withKeys(access, dir, file) } : {});
  const functions = Object.entries(manifest.functions).map(([name, own]) => [name, { ...own, ...read(own.access) }] as const);
  const whole = { ...manifest, ...read(manifest.access), functions: Object.fromEntries(functions) };
  // The schema says what is wrong with keys.
  return parseManifest(JSON.stringify(whole), file);
}

function namesFiles(access: Access): boolean {
  return waysOf(access).some((way) => typeof way === "object" && isFile(way.jwt.keys));
}

function isFile(keys: JwtRule["keys"]): keys is string {
  return typeof keys === "string" && !isKeysUrl(keys);
}

function withKeys(access: Access, dir: string, file: string): Access {
  const read = (way: Way): Way =>
    typeof way === "object" && isFile(way.jwt.keys) ? { jwt: { ...way.jwt, keys: readKeys(way.jwt.keys, dir, file) } } : way;
  return Array.isArray(access) ? access.map(read) : access && read(access);
}

function readKeys(path: string, dir: string, file: string): KeySet {
  const refuse = (what: string, cause?: unknown) =>
    new MayflyError("bad-manifest", { file, what: `access names the keys ${JSON.stringify(path)}, but ${what}` }, cause);
  const full = resolve(dir, path);
  const inside = relative(dir, full);
  if (isAbsolute(path) || inside === ".." || inside.startsWith(`..${sep}`))
    throw refuse("must name an https URL or a file inside of the app's folder");
  const stat = statOf(full);
  if (!stat?.isFile()) throw refuse("there is no such file");
  if (stat.size > MANIFEST_BYTES) throw refuse(`that file has ${stat.size} bytes, and at most ${MANIFEST_BYTES} are allowed`);
  const json = readFileSync(full, "utf8");
  try {
    return JSON.parse(json) as KeySet;
  } catch (error) {
    throw refuse(whyNoJson(json, error), error);
  }
}
