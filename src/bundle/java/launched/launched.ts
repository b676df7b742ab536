/**
 * Compiles what servers name as `java File.java`. Java itself would compile it at each start of a machine, which takes minutes of CPU where the processor is
 * emulated. Where that might show, the command stays as it is: decisions/sources-compiled-at-deploys.md.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join, posix, relative } from "node:path";
import { MayflyError } from "../../../base/errors/error.ts";
import { withDraftFolder } from "../../../images/draft-folder.ts";
import { functionSchema } from "../../../store/catalog/manifest.ts";
import type { PartManifest } from "../../../store/catalog/parts.ts";
import type { Surroundings } from "../../app-folder.ts";
import type { TravellingFile } from "../../files/travelling-file.ts";
import { classFiles } from "../class-files.ts";
import { namesEndingIn } from "../jar-names.ts";
import { type Compiler, javaCompiler } from "../javac.ts";
import { firstErrors, lacksPackage, ofJavaItself, sourceErrors } from "../source-errors.ts";
import { changesCommands, sourceLaunch, type SourceLaunch } from "./source-launch.ts";

/** What was made of a server's source, or of those of several. */
export interface Launched {
  /** Classes. */
  files: TravellingFile[];
  /** Of functions that run by another command than the manifest has. */
  commands: [name: string, command: string[]][];
}

/** The folder below the task root that has a folder of classes for each function. It is on no class path but the function's. */
const FOLDER = ".classes";

/** @param travelling what else the machine has @param use gets what was made, which is on this host until it has ended. Rejects with "build-failed". */
export async function withLaunched<T>(
  part: PartManifest,
  travelling: TravellingFile[],
  surroundings: Surroundings,
  use: (made: Launched) => Promise<T>,
): Promise<T> {
  const launches = changesCommands(part) ? [] : launchesOf(part, travelling);
  if (launches.length === 0) return use({ files: [], commands: [] });
  const parent = join(surroundings.cacheDir, "java");
  await mkdir(parent, { recursive: true });
  return withDraftFolder(parent, async (folder) => {
    const task = layOut(join(folder, "task"), travelling);
    const compiler = await javaCompiler(folder, surroundings);
    const made: Launched = { files: [], commands: [] };
    for (const launch of launches) {
      surroundings.progress(`compiling ${launch.source.path}`);
      const classes = join(folder, FOLDER, launch.name);
      const main = await compiled(launch, compiler, task, classes);
      const own = classFiles(classes, `${FOLDER}/${launch.name}`);
      if (main === undefined || isElsewhere(own, launch.name, travelling)) continue;
      const command = commandOf(launch, main);
      if (!functionSchema.shape.command.safeParse(command).success) continue;
      made.files.push(...own);
      made.commands.push([launch.name, command]);
    }
    return use(made);
  });
}

interface Launch extends SourceLaunch {
  /** The function's. */
  name: string;
  source: TravellingFile;
}

function launchesOf({ functions }: PartManifest, travelling: TravellingFile[]): Launch[] {
  return Object.entries(functions).flatMap(([name, { command = [] }]) => {
    const launch = sourceLaunch(command);
    if (launch === undefined) return [];
    const source = travelling.find(({ path }) => path === posix.normalize(launch.file));
    return source === undefined || asksWhence(source) ? [] : [{ ...launch, name, source }];
  });
}

/** Whether it looks as if the code asks where its classes have come from: the file itself, for Java, when that compiles it. */
function asksWhence({ from }: TravellingFile): boolean {
  return /getCodeSource|getProtectionDomain|jdk\.launcher/.test(readFileSync(from, "latin1"));
}

/** Lays out what may be on a class path as machines have it, so that the compiler sees no more and no less. @returns the folder */
function layOut(folder: string, travelling: TravellingFile[]): string {
  mkdirSync(folder);
  for (const [path, from] of new Map(travelling.map((each) => [each.path, each.from]))) {
    if (!/\.(class|jar)$/i.test(path)) continue;
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    symlinkSync(from, join(folder, path));
  }
  return folder;
}

/** What only javac refuses: Java itself takes a class of any name from a file, and replaces bytes that are no UTF-8. */
const javacAlone = /error: (class \S+ is public, should be declared in a file named|unmappable character)/;

/** Resolves with the name of the class to run; undefined if the source is one that Java takes and javac does not. */
async function compiled(
  { name, source, release, classPath }: Launch,
  compiler: Compiler,
  task: string,
  classes: string,
): Promise<string | undefined> {
  const place = join(task, source.path);
  mkdirSync(dirname(place), { recursive: true });
  writeFileSync(place, readFileSync(source.from));
  mkdirSync(classes, { recursive: true });
  const language = release === undefined ? [] : ["--release", release];
  const { failed, said } = await compiler(
    name,
    [...language, "-verbose", "-cp", withoutWildcards(classPath, task), "-d", classes, place],
    task,
  );
  if (!failed) return firstClass(said);
  if (javacAlone.test(said)) return undefined;
  const told = said.replaceAll(/^\[.*\n/gm, "");
  throw new MayflyError("build-failed", { function: name, what: firstErrors(sourceErrors(told, task), told, cureOf) });
}

/** Java replaces `lib/*` by the jars of that folder, and its compiler does not. */
function withoutWildcards(classPath: string, task: string): string {
  const expanded = classPath.split(":").flatMap((each) => {
    const folder = join(task, dirname(each));
    if (posix.basename(each) !== "*" || !existsSync(folder)) return [each];
    const jars = readdirSync(folder).filter((name) => /\.(jar|JAR)$/.test(name));
    return jars.map((name) => posix.join(dirname(each), name));
  });
  return expanded.join(":");
}

function cureOf(errors: string[]): string {
  return lacksPackage(errors)
    ? "; jars of packages that the code imports are named in the command by -cp, and travel by `files`"
    : ofJavaItself(errors);
}

/** Java runs the class that its compiler looks at first; the compiler tells of that in the same place. */
function firstClass(said: string): string | undefined {
  return /^\[checking (\S+)\]$/m.exec(said)?.[1];
}

/** Whether something else that travels has a class of the same name. With Java's own way the two would be in different class loaders. */
function isElsewhere(own: TravellingFile[], name: string, travelling: TravellingFile[]): boolean {
  const classes = own.map(({ path }) => relative(`${FOLDER}/${name}`, path));
  return travelling.some(({ path, from }) => {
    if (path.endsWith(".class")) return classes.some((each) => `/${path}`.endsWith(`/${each}`));
    if (!/\.jar$/i.test(path)) return false;
    const theirs = new Set(namesEndingIn(from, ".class").map((each) => each.replace(/^META-INF\/versions\/\d+\//, "")));
    return classes.some((each) => theirs.has(each));
  });
}

function commandOf({ name, options, classPath, parameters }: Launch, main: string): string[] {
  return ["java", ...options, "-cp", `${FOLDER}/${name}:${classPath}`, main, ...parameters];
}
