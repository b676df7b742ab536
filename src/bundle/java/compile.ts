/** Compiles an app's Java for the machines' Java, and checks its handlers. */
import { mkdirSync } from "node:fs";
import { join, relative } from "node:path";
import { MayflyError } from "../../base/errors/error.ts";
import { ensureJavaAgent } from "../../images/java/agent-jar.ts";
import type { Surroundings } from "../app-folder.ts";
import type { JavaCode } from "./app-code.ts";
import { type Javac, wrongHandler } from "./check-handlers.ts";
import { namesEndingIn } from "./jar-names.ts";
import { javaCompiler } from "./javac.ts";
import { firstErrors, lacksPackage, ofJavaItself, sourceErrors } from "./source-errors.ts";

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

/** Resolves with the folder of the classes. Rejects with "build-failed", and with what fetching Debian's Java rejects with. */
export async function compileJava({ root, code, beside, handlers, folder }: Compilation, surroundings: Surroundings): Promise<string> {
  const { cacheDir, progress } = surroundings;
  const compiler = await javaCompiler(folder, surroundings);
  const classes = join(folder, "classes");
  mkdirSync(classes);
  const path = [classes, ...code.jars, ...beside, await ensureJavaAgent({ cacheDir, progress })].join(":");
  const { name } = handlers[0]!;
  const failure = (what: string) => new MayflyError("build-failed", { function: name, what });
  const javac: Javac = async (files, target) => {
    const { failed, said } = await compiler(name, ["-parameters", "-g", "-cp", path, "-d", target, ...files]);
    if (!failed) return undefined;
    const broken = unreadableJar(said, root);
    if (broken !== undefined) throw failure(broken);
    return said;
  };
  if (code.sources.length > 0) {
    progress("compiling the app's Java");
    const said = await javac(code.sources, classes);
    if (said !== undefined) throw failure(firstErrors(sourceErrors(said, root), said, (shown) => cureOf(shown, root, beside)));
  }
  const wrong = await wrongHandler(javac, { root, code, classes, beside, handlers, folder });
  if (wrong !== undefined) throw new MayflyError("build-failed", wrong);
  return classes;
}

function unreadableJar(said: string, root: string): string | undefined {
  const [, jar, why] = /^error: error reading (.*?\.jar); (.*)$/m.exec(said) ?? [];
  return jar === undefined ? undefined : `${relative(root, jar)} is no jar that Java can read (${why}): build or fetch it again`;
}

function cureOf(errors: string[], root: string, beside: string[]): string {
  if (lacksPackage(errors)) return "; jars of packages that the code imports go into the folder lib beside mayfly.json";
  if (!errors.some((each) => each.startsWith("cannot find symbol"))) return "";
  const writer = beside.find((each) => each.endsWith(".jar") && namesEndingIn(each, PROCESSORS).length > 0);
  return writer === undefined
    ? ofJavaItself(errors)
    : `; what processors of annotations would write, such as that of ${relative(root, writer)}, is not there, because nothing of a jar runs at a deploy: let a build make a jar of the app, and name that as the entry`;
}

/** A jar with this file has a processor of annotations. */
const PROCESSORS = "META-INF/services/javax.annotation.processing.Processor";
