/** Reads what Java's compiler says of sources. */
import { relative } from "node:path";
import { javaVersion } from "../../images/java/java-runtime.ts";

/** At most this many errors are shown: the first ones usually cause the others. */
const SHOWN = 3;

/** Each error of a source, with the file and the line. @param folder below which the sources are, for their names */
export function sourceErrors(said: string, folder: string): string[] {
  const heads = [...said.matchAll(/^(.*\.java):(\d+): error: (.*)$/gm)];
  return heads.map(({ index, 1: file, 2: line, 3: what }, at) => {
    const told = said.slice(index, heads[at + 1]?.index);
    return `${withDetails(what!, told)} (${relative(folder, file!)}:${line})`;
  });
}

/** Below the line of the source and the mark under it, the compiler names the symbol that it cannot find, or how a call and a method differ. */
function withDetails(what: string, told: string): string {
  const [, below = ""] = told.split(/^ *\^\n/m);
  const details = new Map(
    [...below.matchAll(/^ {2}(symbol|location|required|found|reason): +(.*)$/gm)].map(([, name, text]) => [name, text]),
  );
  const symbol = details.get("symbol");
  if (symbol !== undefined) return `${what}: ${symbol}${details.has("location") ? ` in ${details.get("location")}` : ""}`;
  if (details.size === 0) return what;
  return `${what.replace(/;$/, "")}: ${[...details].map(([name, text]) => `${name} ${text}`).join(", ")}`;
}

/**
 * The first ones, as a clause, or what the compiler said if it was about no source.
 *
 * @param cure what to do about the errors that are shown, as the rest of the clause
 */
export function firstErrors(errors: string[], said: string, cure: (shown: string[]) => string): string {
  if (errors.length === 0) return said.trim().split("\n").slice(0, SHOWN).join(" | ");
  const shown = errors.slice(0, SHOWN);
  const more = errors.length > SHOWN ? `; and ${errors.length - SHOWN} more` : "";
  return shown.join("; ") + more + cure(shown);
}

/** A package that is not there is the first error of a file that imports it. */
export function lacksPackage(errors: string[]): boolean {
  return errors.some((each) => /^package \S+ does not exist/.test(each));
}

/** The rest of a clause about errors that code for a later Java has: what a class of another file, or of Java, lacks. */
export function ofJavaItself(errors: string[]): string {
  const isOfOther = (each: string) => each.startsWith("cannot find symbol") && !ofOwnClass.test(each);
  return errors.some(isOfOther) ? `; machines have Java ${javaVersion}, and sources are compiled for that` : "";
}

const ofOwnClass = / in class (\w+) \((?:.*\/)?\1\.java:\d+\)$/;
