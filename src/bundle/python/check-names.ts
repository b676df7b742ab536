/**
 * Tells names that an app's Python code uses and that will not be there: modules that it imports and that no package brings, and handlers. What is not certain
 * before the code runs is left alone.
 */
import { posix } from "node:path";
import type { TravellingFile } from "../files/travelling-file.ts";
import type { CodeReport, Names } from "./read-code.ts";

/** At most this many modules are reported. */
const SHOWN = 10;

export interface Entry {
  /** Of the function. */
  name: string;
  entry: string;
  handler: string;
}

/** The agent takes these, too, where no handler is named. */
const usualNames = ["handler", "app", "application"];

/** The first function whose handler is certainly not there, and a clause that says so. @param entries in the order of the report's names */
export function lackingHandler({ names }: CodeReport, entries: Entry[]): { function: string; what: string } | undefined {
  return entries.flatMap((each, at) => lackingIn(each, names[at]!) ?? [])[0];
}

function lackingIn({ name, entry, handler }: Entry, names: Names | null): { function: string; what: string } | undefined {
  const wanted = handler === "handler" ? usualNames : [handler];
  if (names === null || wanted.some((each) => Object.hasOwn(names, each.split(".", 1)[0]!))) return undefined;
  const own = Object.keys(names).filter((each) => names[each] === true && !each.startsWith("_"));
  const [file, rest] = [posix.basename(entry, ".py"), handler.slice(handler.indexOf(".") + 1)];
  if (handler === `${file}.${rest}` && Object.hasOwn(names, rest))
    return {
      function: name,
      what: `its handler is ${JSON.stringify(handler)}, and must be the name alone, ${JSON.stringify(rest)}: the file is named by entry`,
    };
  const has = own.length === 0 ? "no names of its own" : own.slice(0, SHOWN).join(", ");
  return { function: name, what: `${entry} has nothing called ${wanted.join(" or ")}; it has ${has}: name one of them as "handler"` };
}

/** A sentence for each module that the functions import and that is nowhere. @param files those that the report's indexes are of @param travelling all that is in the machine */
export function unknownModules({ imports, extendsPath }: CodeReport, files: TravellingFile[], travelling: TravellingFile[]): string[] {
  const there = importable(travelling, extendsPath);
  const warnings = imports.flatMap(([file, line, module]) =>
    there.has(module) ? [] : [unknownModule(module, files[file]!.path, line, travelling)],
  );
  const more = warnings.length > SHOWN ? [`${warnings.length - SHOWN} more modules that the code imports are not in the machine`] : [];
  return [...warnings.slice(0, SHOWN), ...more];
}

/** The first parts of the names of what may be imported. @param extendsPath whether that may be in any folder of the app's, and not only in the outermost */
function importable(travelling: TravellingFile[], extendsPath: boolean): Set<string> {
  const names = travelling.flatMap(({ path }) => {
    const parts = path.split("/");
    return parts[0] === PACKAGES ? parts.slice(1, 2) : parts.slice(0, extendsPath ? parts.length : 1);
  });
  return new Set(names.map(moduleOf));
}

/** Where the packages are that an app requires. */
const PACKAGES = "site-packages";

/** A module may be a folder, a file, or compiled code with the platform in its name. */
function moduleOf(name: string): string {
  return name.split(".", 1)[0]!;
}

function unknownModule(module: string, path: string, line: number, travelling: TravellingFile[]): string {
  const at = `${module} is imported here (${path}:${line}), and`;
  const own = travelling.filter(({ path: each }) => /\.(py|so)$/.test(each) && !each.startsWith(`${PACKAGES}/`));
  const elsewhere = own.find(({ path: each }) => each.split("/").slice(1).map(moduleOf).includes(module));
  if (elsewhere === undefined)
    return `${at} is neither Python's own nor in the app's folder nor in a package that the app requires: name the package that brings it in requirements.txt`;
  const parts = elsewhere.path.split("/");
  const folders = parts.slice(
    0,
    parts.findIndex((each, depth) => depth > 0 && moduleOf(each) === module),
  );
  return `${at} is in the folder ${folders.join("/")}, while imports begin at the app's folder: import ${[...folders, module].join(".")}, or add ${folders.join("/")} to sys.path`;
}
