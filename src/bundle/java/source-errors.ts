/** Reads what Java's compiler says of sources. */
import { relative } from "node:path";

/** At most this many errors are shown: the first ones usually cause the others. */
const SHOWN = 3;

/** Each error of a source, with the file and the line. @param folder below which the sources are, for their names */
export function sourceErrors(said: string, folder: string): string[] {
  return [...said.matchAll(/^(.*\.java):(\d+): error: (.*)$/gm)].map(
    ([, file, line, what]) => `${what} (${relative(folder, file!)}:${line})`,
  );
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
