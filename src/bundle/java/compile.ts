/** Compiles an app's Java for the machines' Java, and checks its handlers. */
import { execFile } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join, relative } from "node:path";
import { MayflyError } from "../../base/errors/error.ts";
import { ensureJavaAgent } from "../../images/java/agent-jar.ts";
import { fetchJava, javacCommand } from "../../images/java/java-runtime.ts";
import type { Surroundings } from "../app-folder.ts";
import type { JavaCode } from "./app-code.ts";
import { type Javac, wrongHandler } from "./check-handlers.ts";

interface Compilation {
  /** The app's folder. */
  root: string;
  code: JavaCode;
  /** Jars of others. */
  libraries: string[];
  /** The handler of each function, as the manifest has it. */
  handlers: { name: string; handler: string }[];
  /** An empty folder of this compilation alone. */
  folder: string;
}

/** At most this many errors are shown. */
const SHOWN = 3;

/** Resolves with the folder of the classes. Rejects with "build-failed", and with what fetching Debian's Java rejects with. */
export async function compileJava({ root, code, libraries, handlers, folder }: Compilation, surroundings: Surroundings): Promise<string> {
  const { cacheDir, progress } = surroundings;
  const java = await fetchJava(cacheDir, progress);
  const classes = join(folder, "classes");
  mkdirSync(classes);
  const path = [classes, ...code.jars, ...libraries, await ensureJavaAgent({ cacheDir, progress })].join(":");
  const [program, ...before] = javacCommand(java);
  const javac: Javac = (files, target) => {
    const words = ["-encoding", "UTF-8", "-proc:none", "-parameters", "-g", "-implicit:none", "-nowarn", "-Xmaxerrs", "10000"];
    return run(program, [...before, ...words, "-cp", path, "-d", target, ...files]);
  };
  if (code.sources.length > 0) {
    progress("compiling the app's Java");
    const said = await javac(code.sources, classes);
    if (said !== undefined) throw new MayflyError("build-failed", { function: handlers[0]!.name, what: errorsIn(said, root) });
  }
  const wrong = await wrongHandler(javac, { root, code, classes, handlers, folder });
  if (wrong !== undefined) throw new MayflyError("build-failed", wrong);
  return classes;
}

function errorsIn(said: string, root: string): string {
  const errors = [...said.matchAll(/^(.*\.java):(\d+): error: (.*)$/gm)].map(
    ([, file, line, what]) => `${what} (${relative(root, file!)}:${line})`,
  );
  const more = errors.length > SHOWN ? `; and ${errors.length - SHOWN} more` : "";
  // A package that is not there is the first error of a file that imports it.
  const lacks = errors.slice(0, SHOWN).some((each) => /^package \S+ does not exist/.test(each));
  const cure = lacks ? "; jars of packages that the code imports go into the folder lib beside mayfly.json" : "";
  return errors.length === 0 ? said.trim().split("\n").slice(0, 3).join(" | ") : errors.slice(0, SHOWN).join("; ") + more + cure;
}

/** Resolves with what the compiler said if it failed. */
function run(program: string, args: string[]): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    execFile(program, args, { env: { LANG: "C.UTF-8" }, maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
      if (error === null) resolve(undefined);
      else if (typeof error.code === "number") resolve(`${stdout}${stderr}`);
      else reject(error);
    });
  });
}
