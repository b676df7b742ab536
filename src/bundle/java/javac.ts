/** Runs the compiler of the machines' Java on this host. Nothing of an app runs meanwhile, nor of a jar. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { MayflyError } from "../../base/errors/error.ts";
import { fetchJava, javacCommand } from "../../images/java/java-runtime.ts";
import type { Surroundings } from "../app-folder.ts";
import { runLimited } from "../run-limited.ts";

interface Compiled {
  failed: boolean;
  /** All that the compiler printed. */
  said: string;
}

/**
 * @param name the function's, for errors @param words javac's own, sources among them @param cwd where relative paths of the words begin.
 * Rejects with "build-failed" if that takes too long.
 */
export type Compiler = (name: string, words: string[], cwd?: string) => Promise<Compiled>;

/** A compilation of a thousand classes takes seconds of CPU; a host may be busy, or slow. */
const LIMIT_MS = 15 * 60_000;

const always = ["-encoding", "UTF-8", "-implicit:none", "-nowarn", "-Xmaxerrs", "10000"];

/** @param folder of these compilations alone. Rejects with what fetching Debian's Java rejects with. */
export async function javaCompiler(
  folder: string,
  { cacheDir, progress, compiler: resident }: Surroundings,
  limitMs = LIMIT_MS,
): Promise<Compiler> {
  const java = await fetchJava(cacheDir, progress);
  const [program, ...before] = await javacCommand(java);
  const nothing = join(folder, "nothing");
  mkdirSync(nothing);
  return async (name, words, cwd) => {
    const list = join(folder, "words");
    writeFileSync(list, [...always, ...guards(nothing), ...words].map(quoted).join("\n"));
    // It has one working directory for all of its compilations.
    if (resident !== undefined && cwd === undefined) {
      const { code, said } = await resident.compile(java.command, folder, list, limitMs);
      return { failed: code !== 0, said };
    }
    const run = { cwd, env: { LANG: "C.UTF-8" }, limitMs };
    const { code, endedBy, isLate, stdout, stderr } = await runLimited(program, [...before, `@${list}`], run);
    if (isLate) throw new MayflyError("build-failed", { function: name, what: late(limitMs) });
    if (endedBy !== null) throw new Error(`Java's compiler was ended by ${endedBy}`);
    return { failed: code !== 0, said: `${stdout}${stderr}` };
  };
}

function late(limitMs: number): string {
  return `Java's compiler had not ended after ${limitMs / 60_000} minutes, and was killed: deploy again when this host has less to do, or let a build make a jar, and name that`;
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
