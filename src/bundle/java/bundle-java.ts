/** Bundles an app of the runtime java: jars that a build has made, or sources, which are compiled here, and the jars of others in `lib`. */
import { statSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join, relative } from "node:path";
import { MayflyError } from "../../base/errors/error.ts";
import type { Bundle } from "../../store/catalog/catalog.ts";
import { entryFunctions } from "../../store/catalog/manifest.ts";
import { withDraftFolder } from "../../images/draft-folder.ts";
import type { AppFolder, Surroundings } from "../app-folder.ts";
import type { BundledPart } from "../bundled-app.ts";
import { collected, inPlace } from "../files/collect.ts";
import { isWithin, matchedFiles } from "../files/matched.ts";
import type { TravellingFile } from "../files/travelling-file.ts";
import { CLASSES, javaCode, libraries, placeOfJar } from "./app-code.ts";
import { classFiles } from "./class-files.ts";
import { compileJava } from "./compile.ts";
import { namesEndingIn } from "./jar-names.ts";

/** Throws "bad-manifest", "build-failed", "code-too-large", and what fetching Debian's Java throws. */
export async function bundleJava({ manifest, root, file }: AppFolder, surroundings: Surroundings): Promise<BundledPart> {
  if (manifest.external !== undefined)
    throw new MayflyError("bad-manifest", { file, what: "external names npm packages, which apps of the runtime java do not have" });
  const functions = entryFunctions(manifest);
  const refuse = (entry: string, what: string): never => {
    const { name } = functions.find((each) => each.entry === entry)!;
    throw new MayflyError("bad-manifest", { file, what: `functions.${name}.entry is ${JSON.stringify(entry)}, which ${what}` });
  };
  const code = javaCode(
    root,
    functions.map(({ entry }) => entry),
    refuse,
  );
  const own = libraries(root);
  const matched = matchedFiles(root, manifest.files ?? [], file);
  const parent = join(surroundings.cacheDir, "java");
  await mkdir(parent, { recursive: true });
  return withDraftFolder(parent, async (folder) => {
    const handlers = functions.map(({ name }) => ({ name, handler: manifest.functions[name]!.handler }));
    const beside = [...own, ...classFolders(root, matched)];
    const classes = await compileJava({ root, code, beside, handlers, folder }, surroundings);
    const named = new Set(functions.map(({ entry }) => join(root, entry)));
    const jars = code.jars.map((jar): TravellingFile => (named.has(jar) ? inPlace(root, jar) : { path: placeOfJar(root, jar), from: jar }));
    // Of two files of one path the later one travels: what an editor once compiled into `classes` may lie there.
    const all = [...matched, ...code.resources, ...classFiles(classes, CLASSES), ...jars, ...own.map((jar) => inPlace(root, jar))];
    const files = collected(all, 0, file)!;
    // The code is among the files, where the agent's class path leads: classes, and lib.
    const bundles = functions.map(({ name }): Bundle => ({ function: name, format: "java", code: new Uint8Array() }));
    const inFolders = functions.filter(({ entry }) => statSync(join(root, entry)).isDirectory());
    const warnings = inFolders.flatMap(
      (each) =>
        inSeveral(
          each,
          root,
          code.jars.filter((jar) => !named.has(jar)),
        ) ?? [],
    );
    return { bundles: [...bundles, files.bundle], warnings, files: { count: files.count, bytes: files.bytes, named: [] } };
  });
}

/** Where machines look for classes in the app's folder, if some travel because the manifest names them. */
function classFolders(root: string, matched: TravellingFile[]): string[] {
  const classes = matched.filter(({ path }) => path.endsWith(".class"));
  return [CLASSES, "."]
    .map((folder) => join(root, folder))
    .filter((folder) => classes.some(({ path }) => isWithin(join(root, path), folder)));
}

/** The jars that folders have are on one class path, for all functions of folders. @returns a sentence if more than one of them has the function's class */
function inSeveral({ name, handler }: { name: string; handler: string }, root: string, jars: string[]): string | undefined {
  const [type = ""] = handler.split("::");
  const path = `${type.replaceAll(".", "/")}.class`;
  const having = jars.filter((jar) => namesEndingIn(jar, path).includes(path)).map((jar) => relative(root, jar));
  if (having.length < 2) return undefined;
  return `functions.${name}: the class ${type} is in ${having.join(" and ")}, and machines take the first of them: let entry name the jar itself`;
}
