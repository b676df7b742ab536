/** Finds the file that a handler names, as AWS Lambda's runtimes do. */
import { existsSync, readdirSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, posix, relative } from "node:path";
import type { NamedRuntime } from "../../base/kind/machine-kind.ts";
import { BadToolFile } from "../document/bad-tool-file.ts";
import { confined } from "./confined.ts";

export interface LocatedHandler {
  /** Relative to the code's folder; `.` for the folder itself. */
  entry: string;
  /** As mayfly.json has it; undefined where there is none to name. */
  handler: string | undefined;
}

interface Handler {
  /** As the file of the tool has it. */
  given: string | undefined;
  at: string;
  /** The source file, if the file of the tool names it. */
  entry?: string | undefined;
  /** The real path of the folder in which everything has to be that is deployed; links may lead to other places of it. */
  within: string;
}

type Locate = (folder: string, handler: Handler) => LocatedHandler;

const byRuntime: Partial<Record<NamedRuntime, Locate>> = {
  node: nodeHandler,
  python: pythonHandler,
  java: javaHandler,
  provided: providedHandler,
};

/** @param folder the code's. Throws BadToolFile if there is no such file */
export function locateHandler(runtime: NamedRuntime, folder: string, handler: Handler): LocatedHandler {
  return byRuntime[runtime]!(folder, handler);
}

/** What Lambda would take comes first, and then what is to be bundled. */
const SCRIPTS = [".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".tsx", ".jsx"];

/** `src/users.create` is what `src/users` exports as `create`: the file's name ends at its first dot. */
function nodeHandler(folder: string, { given, at, entry, within }: Handler): LocatedHandler {
  const text = given ?? "index.handler";
  const slash = text.lastIndexOf("/") + 1;
  const dot = text.indexOf(".", slash);
  if (dot <= slash || dot === text.length - 1)
    throw new BadToolFile(at, `its handler is ${JSON.stringify(text)}, and must be a file and an export of it, such as "src/users.create"`);
  const [file, handler] = [text.slice(0, dot), text.slice(dot + 1)];
  const found = [...(entry === undefined ? [] : [entry]), ...SCRIPTS.map((ending) => file + ending)].find((each) =>
    isFile(folder, each, { at, within }),
  );
  if (found === undefined) throw notThere(at, text, `${file}${SCRIPTS[0]}, ${file}.ts or the like`);
  return { entry: posix.normalize(found), handler };
}

/** `jobs/report.main` or `jobs.report.main`: the last dot ends the module's name. */
function pythonHandler(folder: string, { given, at, within }: Handler): LocatedHandler {
  const text = given ?? "index.handler";
  const dot = text.lastIndexOf(".");
  if (dot <= 0 || dot === text.length - 1)
    throw new BadToolFile(at, `its handler is ${JSON.stringify(text)}, and must be a module and a name in it, such as "jobs/report.main"`);
  const file = text.slice(0, dot).replaceAll(".", "/");
  const found = [`${file}.py`, `${file}/__init__.py`].find((each) => isFile(folder, each, { at, within }));
  if (found === undefined) throw notThere(at, text, `${file}.py`);
  return { entry: posix.normalize(found), handler: text.slice(dot + 1) };
}

/** Where builds leave their jar. */
const BUILT = ["target", "build/libs"];

function javaHandler(folder: string, { given, at, within }: Handler): LocatedHandler {
  if (given === undefined) throw new BadToolFile(at, "its handler is missing: in Java it is a class, such as shop.Order::handleRequest");
  const built = BUILT.find((each) => jarsIn(join(folder, each), { at, within }).length > 0);
  return { entry: built ?? ".", handler: given };
}

type Bounds = Pick<Handler, "at" | "within">;

/** Throws BadToolFile if what is there is a link out of the folder of the tool's file. */
function refuseOutside(place: string, { at, within }: Bounds): void {
  confined(within, relative(within, realpathSync(place)), at);
}

function jarsIn(folder: string, bounds: Bounds): string[] {
  if (existsSync(folder)) refuseOutside(folder, bounds);
  return existsSync(folder) && statSync(folder).isDirectory() ? readdirSync(folder).filter((name) => name.endsWith(".jar")) : [];
}

/** What AWS Lambda starts is always called bootstrap; older tools had one program for each handler. */
function providedHandler(folder: string, { given, at, within }: Handler): LocatedHandler {
  const found = ["bootstrap", ...(given === undefined ? [] : [given])].find((each) => isFile(folder, each, { at, within }));
  if (found === undefined) throw new BadToolFile(at, "there is no program called bootstrap in the folder of its code: build it first");
  return { entry: posix.normalize(found), handler: undefined };
}

function notThere(at: string, handler: string, file: string): BadToolFile {
  return new BadToolFile(at, `its handler is ${JSON.stringify(handler)}, and there is no ${file} in the folder of its code`);
}

function isFile(folder: string, path: string, bounds: Bounds): boolean {
  const inside = posix.normalize(path);
  if (inside.startsWith("../") || inside.startsWith("/") || inside.includes("\0")) return false;
  const place = join(folder, dirname(inside), basename(inside));
  const isThere = statSync(place, { throwIfNoEntry: false })?.isFile() === true;
  if (isThere) refuseOutside(place, bounds);
  return isThere;
}
