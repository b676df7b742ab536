/** Finds an app's Java code: jars that a build has made, and source files. */
import { existsSync, globSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, relative, sep } from "node:path";
import { mayTravel } from "../files/named.ts";
import { statOf } from "../files/stat-of.ts";
import type { TravellingFile } from "../files/travelling-file.ts";

export interface JavaCode {
  /** Absolute paths of `.java` files. */
  sources: string[];
  /** Absolute paths of the jars that functions name. */
  jars: string[];
  /** Files that Maven and Gradle lay beside the classes of these sources. */
  resources: TravellingFile[];
}

/** The folder below the task root in which machines look for classes, and for what lies beside them. */
export const CLASSES = "classes";

/** Folders in which builds write, unless a package is called so. */
const built = new Set(["target", "build", "out", "bin"]);
/** It says how jars see each other as modules, which they are not: in machines all of them are on the class path. */
const MODULE = "module-info.java";
/** Jars that builds write beside the one with the classes. */
const beside = /(-(sources|javadoc|tests|plain)|^original-.*)\.jar$/;

/**
 * @param root the app's folder @param entries those of its functions: a jar, a `.java` file, or a folder with either
 * @param refuse is called with what is wrong with an entry, as a clause
 */
export function javaCode(root: string, entries: string[], refuse: (entry: string, what: string) => never): JavaCode {
  const found = entries.map((entry) => codeAt(root, join(root, entry), (what) => refuse(entry, what)));
  const sources = found.flatMap((each) => each.sources);
  const jars = found.flatMap((each) => each.jars);
  const folders = new Set(found.flatMap(({ folder }) => folder ?? []));
  const resources = [...folders].flatMap((folder) => resourcesBeside(folder, root));
  return { sources: [...new Set(sources)].toSorted(), jars: [...new Set(jars)].toSorted(), resources };
}

interface CodeOfEntry {
  sources: string[];
  jars: string[];
  /** Where the packages of the sources begin. */
  folder?: string;
}

function codeAt(root: string, path: string, refuse: (what: string) => never): CodeOfEntry {
  const from = (folder: string) => ({ sources: sourcesIn(folder), jars: [], folder });
  if (statSync(path).isFile()) {
    if (path.endsWith(".jar")) return { sources: [], jars: [path] };
    if (path.endsWith(".java")) return from(sourceRoot(path, root));
    return refuse("must be a .jar, a .java file, or a folder with one of them");
  }
  const jars = readdirSync(path).filter((name) => name.endsWith(".jar") && !beside.test(name));
  if (jars.length === 1) return { sources: [], jars: [join(path, jars[0]!)] };
  if (jars.length > 1) return refuse(`has ${jars.toSorted().join(" and ")}: name one of them`);
  const code = from(ownSources(path));
  return code.sources.length > 0 ? code : refuse("has neither a .jar nor .java files: build the app first");
}

/** A file's classes may use those of its package, and of packages beside that: those of all files below the folder in which its package is. */
function sourceRoot(file: string, root: string): string {
  const above = packageRoot(file);
  return above.length < root.length ? dirname(file) : above;
}

/** The folder in which the file's package is, by its name; the file's own if it lies in no folder of that name. */
function packageRoot(file: string): string {
  const name = /^[\s;]*package\s+([\p{L}\p{N}_$.]+)\s*;/mu.exec(readFileSync(file, "utf8"))?.[1];
  const folder = dirname(file);
  const below = name === undefined ? "" : `${sep}${name.replaceAll(".", sep)}`;
  return folder.endsWith(below) ? folder.slice(0, folder.length - below.length) : folder;
}

/** Maven and Gradle have tests beside the app's sources, which need packages of their own. */
function ownSources(folder: string): string {
  return ["src/main/java", "main/java"].map((each) => join(folder, each)).find((each) => existsSync(each)) ?? folder;
}

function sourcesIn(folder: string): string[] {
  const isForeign = (name: string) => basename(name) === "node_modules" || basename(name).startsWith(".");
  const found = globSync("**/*.java", { cwd: folder, exclude: isForeign });
  return found.filter((name) => basename(name) !== MODULE && !isBuilt(folder, name)).map((name) => join(folder, name));
}

/** Whether a build has written the file: it is in a folder such as `target`, which is no part of its package's name. */
function isBuilt(folder: string, name: string): boolean {
  const hasBuilt = (path: string) => path.split(sep).some((part) => built.has(part));
  return hasBuilt(dirname(name)) && hasBuilt(relative(folder, packageRoot(join(folder, name))));
}

/** What Maven and Gradle take for resources of the sources in `main/java`. They are found where the classes are. */
function resourcesBeside(sources: string, root: string): TravellingFile[] {
  if (!sources.endsWith(join(sep, "main", "java"))) return [];
  const folder = join(dirname(sources), "resources");
  return globSync("**", { cwd: folder })
    .filter((name) => mayTravel(join(folder, name), root))
    .map((name) => ({ path: `${CLASSES}/${name.split(sep).join("/")}`, from: join(folder, name) }));
}

/** Jars of others that travel with the app, and are there when its sources are compiled. Absolute paths. */
export function libraries(root: string): string[] {
  const jars = globSync("lib/*.jar", { cwd: root }).map((name) => join(root, name));
  return jars.filter((jar) => statOf(jar)?.isFile() === true).toSorted();
}

/** The path below the task root of a jar that is in a folder which a function names. */
export function placeOfJar(root: string, jar: string): string {
  return `lib/${relative(root, jar).replaceAll(/[\\/]/g, "-")}`;
}
