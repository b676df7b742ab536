/** Compiles an app's Java for the machines' Java, and checks its handlers. */
import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { MayflyError } from "../../base/errors/error.ts";
import { ensureJavaAgent } from "../../images/java/agent-jar.ts";
import { fetchJava, javacCommand } from "../../images/java/java-runtime.ts";
import type { Surroundings } from "../app-folder.ts";
import type { JavaCode } from "./app-code.ts";
import { type Javac, wrongHandler } from "./check-handlers.ts";
import { namesEndingIn } from "./jar-names.ts";

interface Compilation {
  /** The app's folder. */
  root: string;
  code: JavaCode;
  /** What else the app has on its class path: jars of others, and folders of classes. */
  beside: string[];
  /** The handler of each function, as the manifest has it. */
  handlers: { name: string; handler: string }[];
  /** An empty folder of this compilation alone. */
  folder: string;
}

/** At most this many errors are shown. */
const SHOWN = 3;

/** Resolves with the folder of the classes. Rejects with "build-failed", and with what fetching Debian's Java rejects with. */
export async function compileJava({ root, code, beside, handlers, folder }: Compilation, surroundings: Surroundings): Promise<string> {
  const { cacheDir, progress } = surroundings;
  const java = await fetchJava(cacheDir, progress);
  const [classes, nothing] = [join(folder, "classes"), join(folder, "nothing")];
  mkdirSync(classes);
  mkdirSync(nothing);
  const path = [classes, ...code.jars, ...beside, await ensureJavaAgent({ cacheDir, progress })].join(":");
  const [program, ...before] = javacCommand(java);
  const failed = (what: string) => new MayflyError("build-failed", { function: handlers[0]!.name, what });
  const javac: Javac = async (files, target) => {
    const words = ["-encoding", "UTF-8", "-parameters", "-g", "-implicit:none", "-nowarn", "-Xmaxerrs", "10000", ...guards(nothing)];
    const list = join(folder, "words");
    writeFileSync(list, [...words, "-cp", path, "-d", target, ...files].map(quoted).join("\n"));
    const said = await run(program, [...before, `@${list}`]);
    const broken = unreadableJar(said ?? "", root);
    if (broken !== undefined) throw failed(broken);
    return said;
  };
  if (code.sources.length > 0) {
    progress("compiling the app's Java");
    const said = await javac(code.sources, classes);
    if (said !== undefined) throw failed(errorsIn(said, root, beside));
  }
  const wrong = await wrongHandler(javac, { root, code, classes, beside, handlers, folder });
  if (wrong !== undefined) throw new MayflyError("build-failed", wrong);
  return classes;
}

/**
 * Words by which nothing of a jar runs at a deploy. Without a path for them, the compiler looks for processors of annotations on the class path, and for plugins,
 * which start by themselves, even if it is told to process none. Nor does it take sources that lie on the class path.
 */
function guards(emptyFolder: string): string[] {
  return ["-proc:none", "-processorpath", emptyFolder, "-sourcepath", emptyFolder];
}

/** A word as javac reads it from a file: a command line has no room for thousands of sources or jars. */
function quoted(word: string): string {
  const escaped = word.replaceAll(/["\\]/g, "\\$&").replaceAll("\n", "\\n").replaceAll("\r", "\\r");
  return `"${escaped}"`;
}

function unreadableJar(said: string, root: string): string | undefined {
  const [, jar, why] = /^error: error reading (.*?\.jar); (.*)$/m.exec(said) ?? [];
  return jar === undefined ? undefined : `${relative(root, jar)} is no jar that Java can read (${why}): build or fetch it again`;
}

function errorsIn(said: string, root: string, beside: string[]): string {
  const errors = [...said.matchAll(/^(.*\.java):(\d+): error: (.*)$/gm)].map(
    ([, file, line, what]) => `${what} (${relative(root, file!)}:${line})`,
  );
  const more = errors.length > SHOWN ? `; and ${errors.length - SHOWN} more` : "";
  return errors.length === 0
    ? said.trim().split("\n").slice(0, 3).join(" | ")
    : errors.slice(0, SHOWN).join("; ") + more + cureOf(errors.slice(0, SHOWN), root, beside);
}

function cureOf(errors: string[], root: string, beside: string[]): string {
  // A package that is not there is the first error of a file that imports it.
  if (errors.some((each) => /^package \S+ does not exist/.test(each)))
    return "; jars of packages that the code imports go into the folder lib beside mayfly.json";
  if (!errors.some((each) => each.startsWith("cannot find symbol"))) return "";
  const writer = beside.find((each) => each.endsWith(".jar") && namesEndingIn(each, PROCESSORS).length > 0);
  return writer === undefined
    ? ""
    : `; what processors of annotations would write, such as that of ${relative(root, writer)}, is not there, because nothing of a jar runs at a deploy: let a build make a jar of the app, and name that as the entry`;
}

/** A jar with this file has a processor of annotations. */
const PROCESSORS = "META-INF/services/javax.annotation.processing.Processor";

/** Resolves with what the compiler said if it failed. */
function run(program: string, args: string[]): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, { env: { LANG: "C.UTF-8" }, maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
      if (error === null) resolve(undefined);
      else if (child.signalCode !== null) reject(new Error(`Java's compiler was ended by ${child.signalCode}`, { cause: error }));
      else if (typeof error.code === "number") resolve(`${stdout}${stderr}`);
      else reject(error);
    });
  });
}
