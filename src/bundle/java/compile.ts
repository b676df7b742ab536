/** Compiles an app's Java for the machines' Java, and checks that the handlers' classes are there. */
import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { MayflyError } from "../../base/errors/error.ts";
import { ensureJavaAgent } from "../../images/java/agent-jar.ts";
import { fetchJava, javacCommand } from "../../images/java/java-runtime.ts";
import type { Surroundings } from "../app-folder.ts";
import type { JavaCode } from "./app-code.ts";

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
  const javac = (files: string[]) =>
    run(program, [
      ...before,
      "-encoding",
      "UTF-8",
      "-proc:none",
      "-parameters",
      "-g",
      "-implicit:none",
      "-nowarn",
      "-cp",
      path,
      "-d",
      classes,
      ...files,
    ]);
  if (code.sources.length > 0) {
    progress("compiling the app's Java");
    const said = await javac(code.sources);
    if (said !== undefined) throw new MayflyError("build-failed", { function: handlers[0]!.name, what: errorsIn(said, root) });
  }
  for (const { name, handler } of handlers) {
    const missing = await lacksClass(javac, folder, handler);
    if (missing !== undefined) throw new MayflyError("build-failed", { function: name, what: missing });
  }
  return classes;
}

/** A class that names the handler's class compiles only if that is there. */
async function lacksClass(
  javac: (files: string[]) => Promise<string | undefined>,
  folder: string,
  handler: string,
): Promise<string | undefined> {
  const [name = ""] = handler.split("::");
  if (!/^[\p{L}_$][\p{L}\p{N}_$]*(\.[\p{L}_$][\p{L}\p{N}_$]*)*$/u.test(name))
    return `handler is ${JSON.stringify(handler)}, and must name a class, such as com.example.Order, or a class and a method, such as com.example.Order::handle`;
  // A class without a package can be named only from another such class.
  const probe = join(folder, "MayflyProbe.java");
  const within = name.includes(".") ? "package mayfly.probe;" : "";
  writeFileSync(probe, `${within} class MayflyProbe { ${name.replaceAll("$", ".")} probed; }`);
  const said = await javac([probe]);
  if (said === undefined || !/cannot find symbol|does not exist/.test(said)) return undefined;
  return `the handler's class ${name} is in none of the app's jars and source files`;
}

function errorsIn(said: string, root: string): string {
  const errors = [...said.matchAll(/^(.*\.java):(\d+): error: (.*)$/gm)].map(
    ([, file, line, what]) => `${what} (${relative(root, file!)}:${line})`,
  );
  const more = errors.length > SHOWN ? `; and ${errors.length - SHOWN} more` : "";
  return errors.length === 0 ? said.trim().split("\n").slice(0, 3).join(" | ") : errors.slice(0, SHOWN).join("; ") + more;
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
