/** Judges the errors of syntax in an app's Python code. */
import { posix } from "node:path";
import type { TravellingFile } from "../files/travelling-file.ts";
import type { Entry } from "./check-names.ts";
import type { CodeReport } from "./read-code.ts";

/** At most this many errors are shown, and as many warnings. */
const SHOWN = 3;

interface WrongSyntax {
  /** What keeps a function from being loaded, as a clause such as `invalid syntax (main.py:3)`; undefined if nothing does. */
  fault: { function: string; what: string } | undefined;
  /** Files that no function is sure to load: templates of code, scripts for another Python. */
  warnings: string[];
}

/** @param files those that the report's indexes are of */
export function wrongSyntax({ faults, reached }: CodeReport, files: TravellingFile[], entries: Entry[]): WrongSyntax {
  const loaded = new Set(reached);
  const [fatal, others] = [faults.filter(([file]) => loaded.has(file)), faults.filter(([file]) => !loaded.has(file))];
  const inWords = ([file, message, line]: CodeReport["faults"][number]) =>
    `${message} (${files[file]!.path}${line === null ? "" : `:${line}`})`;
  const warnings = others
    .slice(0, SHOWN)
    .map(
      (each) => `${files[each[0]]!.path} is no Python 3.11: ${inWords(each)}; it travels as it is, since no function is sure to import it`,
    );
  const rest = others.length > SHOWN ? [`${others.length - SHOWN} more files are no Python 3.11`] : [];
  return {
    fault: fatal.length === 0 ? undefined : faultOf(fatal.map(inWords), files[fatal[0]![0]]!.path, entries),
    warnings: [...warnings, ...rest],
  };
}

/** @param path of the first of them */
function faultOf(clauses: string[], path: string, entries: Entry[]): { function: string; what: string } {
  const { name } = entries.find(({ entry }) => posix.normalize(entry) === path) ?? entries[0]!;
  const more = clauses.length > SHOWN ? `; and ${clauses.length - SHOWN} more` : "";
  return { function: name, what: clauses.slice(0, SHOWN).join("; ") + more };
}
