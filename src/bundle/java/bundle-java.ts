/** Bundles an app of the runtime java: the jars that its functions name, and the files that the manifest names. */
import { existsSync, statSync } from "node:fs";
import { join, posix } from "node:path";
import { MayflyError } from "../../base/errors/error.ts";
import type { Bundle } from "../../store/catalog/catalog.ts";
import { entryFunctions } from "../../store/catalog/manifest.ts";
import type { AppFolder } from "../app-folder.ts";
import type { BundledApp } from "../bundled-app.ts";
import { collected } from "../files/collect.ts";
import { matchedFiles } from "../files/matched.ts";

/** Throws "bad-manifest" and "code-too-large". */
export async function bundleJava({ manifest, root, file }: AppFolder): Promise<Omit<BundledApp, "manifest">> {
  const refuse = (what: string) => {
    throw new MayflyError("bad-manifest", { file, what });
  };
  if (manifest.external !== undefined) refuse("external names npm packages, which apps of the runtime java do not have");
  const matched = matchedFiles(root, manifest.files ?? [], file);
  const jars = entryFunctions(manifest).map(({ name, entry, handler }) => {
    const [path, says] = [posix.normalize(entry), `functions.${name}.entry is ${JSON.stringify(entry)}`];
    if (!path.endsWith(".jar")) refuse(`${says}, and the runtime java runs files that end with .jar`);
    if (path.startsWith("../") || posix.isAbsolute(path)) refuse(`${says}, but must be inside of the app's folder`);
    if (!existsSync(join(root, path)) || !statSync(join(root, path)).isFile()) refuse(`${says}, but there is no such file`);
    if (handler === "handler") refuse(`functions.${name}.handler must name a class, such as "shop.Order" or "shop.Order::place"`);
    return { path, from: join(root, path) };
  });
  const files = collected([...jars, ...matched], 0, file)!;
  // The code is among the files: docs/guest-protocol.md, a function's source.
  const functions = Object.keys(manifest.functions).map((name): Bundle => ({ function: name, format: "java", code: new Uint8Array() }));
  return { bundles: [...functions, files.bundle], warnings: [], files: { count: files.count, bytes: files.bytes, named: [] } };
}
