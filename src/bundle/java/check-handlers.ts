/**
 * Checks that an app's handlers are in its code, as classes that machines can run. A class that uses a handler as the agent does compiles only if the handler
 * is what it should be, so that the compiler says what is wrong.
 */
import { existsSync, globSync, mkdirSync, writeFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import type { JavaCode } from "./app-code.ts";
import { namesEndingIn } from "./jar-names.ts";

/** Resolves with what the compiler said if it failed. */
export type Javac = (files: string[], target: string) => Promise<string | undefined>;

export interface Handlers {
  /** The app's folder. */
  root: string;
  code: JavaCode;
  /** The folder of the classes that were compiled. */
  classes: string;
  /** What else the app has on its class path: jars, and folders of classes. */
  beside: string[];
  /** Of each function, as the manifest has it. */
  handlers: { name: string; handler: string }[];
  /** A folder for what is made on the way. */
  folder: string;
}

/** What the manifest has where it says nothing. */
const NONE = "handler";
/** Java 1 was version 45 of class files. */
const VERSION_OF_NONE = 44;

const Line = { Class: 3, Method: 4, Values: 5, Streams: 6 } as const;

/** Resolves with what is wrong with the first function whose handler machines could not run, as a clause; undefined if all are sound. */
export async function wrongHandler(javac: Javac, given: Handlers): Promise<{ function: string; what: string } | undefined> {
  const { handlers, folder } = given;
  const unnamed = handlers.find(({ handler }) => !isName(handler));
  if (unnamed !== undefined) return { function: unnamed.name, what: noName(unnamed.handler) };
  const probes = handlers.map(({ handler }, at) => writeProbe(folder, `MayflyProbe${at}`, handler));
  const target = join(folder, "probed");
  mkdirSync(target);
  const said = (await javac(probes, target)) ?? "";
  for (const [at, { name, handler }] of handlers.entries()) {
    const what = faultOf(handler, errorsOf(said, basename(probes[at]!)), given);
    if (what !== undefined) return { function: name, what };
  }
  return undefined;
}

const word = String.raw`[\p{ID_Start}\p{Sc}\p{Pc}][\p{ID_Continue}\p{Sc}]*`;
const handlerName = new RegExp(`^${word}(\\.${word})*(::${word})?$`, "u");

function isName(handler: string): boolean {
  return handlerName.test(handler);
}

function noName(handler: string): string {
  return `handler is ${JSON.stringify(handler)}, and must name a class, such as com.example.Order, or a class and a method, such as com.example.Order::handle`;
}

/** A class without a package can be named only from another such class. @returns its path */
function writeProbe(folder: string, name: string, handler: string): string {
  const [type, method] = partsOf(handler);
  const lines = [
    type.includes(".") ? "package mayfly.probe;" : "",
    `class ${name} {`,
    `  ${type} probed;`,
    method === undefined ? "" : `  void method(${type} it) { it.${method}(); }`,
    `  com.amazonaws.services.lambda.runtime.RequestHandler<?, ?> values(${type} it) { return it; }`,
    `  com.amazonaws.services.lambda.runtime.RequestStreamHandler streams(${type} it) { return it; }`,
    "}",
  ];
  const path = join(folder, `${name}.java`);
  writeFileSync(path, lines.join("\n"));
  return path;
}

function partsOf(handler: string): [type: string, method?: string] {
  const [type = "", ...method] = handler.split("::");
  return [type.replaceAll("$", "."), ...(method as [string?])];
}

/** What the compiler said of a file, by the line. */
function errorsOf(said: string, file: string): Map<number, string> {
  const errors = new Map<number, string>();
  for (const [, name, line, what] of said.matchAll(/^(?:.*\/)?(\w+\.java):(\d+): error: (.*(?:\n(?!.*\.java:\d+: ).*)*)/gm))
    if (name === file) errors.set(Number(line), `${errors.get(Number(line)) ?? ""}${what}\n`);
  return errors;
}

function faultOf(handler: string, errors: Map<number, string>, given: Handlers): string | undefined {
  const all = [...errors.values()].join("");
  const [type, method] = partsOf(handler);
  const ofClass = errors.get(Line.Class) ?? "";
  const isNoName = /expected|illegal start of/.test(ofClass);
  if (isNoName || /^\s*symbol:\s+class|does not exist/m.test(ofClass)) {
    // Other languages have names that Java cannot write: with one of its keywords in them, or a $ that is no dot.
    if (isThere(handler, given)) return undefined;
    return isNoName ? noName(handler) : lackingClass(handler, given);
  }
  const [, file = "", version, ours] = /bad class file: (.*)\n.*wrong version (\d+)\.\d+, should be (\d+)/.exec(all) ?? [];
  if (version !== undefined) {
    const [theirs, own] = [version, ours].map((each) => Number(each) - VERSION_OF_NONE);
    return `${relative(given.root, file)} was compiled for Java ${theirs}, and machines have Java ${own}: compile it with --release ${own}`;
  }
  const lacking = /class file for (\S+) not found/.exec(all)?.[1];
  if (lacking !== undefined)
    return `the handler's class ${type} needs the class ${lacking}, which is in none of the app's jars: let the build put what it depends on into the jar, or copy those jars into the folder lib`;
  // A class that is not public cannot be looked at from here, and can be run.
  if (ofClass !== "") return undefined;
  if (method !== undefined)
    return lacksMethod(errors.get(Line.Method) ?? "") ? `the handler's class ${type} has no public method ${method}` : undefined;
  const isNeither = [Line.Values, Line.Streams].every((line) => errors.get(line)?.startsWith("incompatible types"));
  return isNeither
    ? `the handler's class ${type} implements neither RequestHandler nor RequestStreamHandler: name a method of it, as in ${handler}::handle`
    : undefined;
}

/** Where there are several methods of the name, the first line says that none of them takes no parameter; the others may say that one is private. */
function lacksMethod(said: string): boolean {
  return /^\s*symbol:\s+method/m.test(said) || /^.* (has (private|protected) access|is not public) in /.test(said);
}

/** Whether a class has exactly this name. */
function isThere(handler: string, { code, classes, beside }: Handlers): boolean {
  const path = `${handler.split("::")[0]!.replaceAll(".", "/")}.class`;
  const places = [classes, ...code.jars, ...beside];
  return places.some((place) => (place.endsWith(".jar") ? namesEndingIn(place, path).includes(path) : existsSync(join(place, path))));
}

function lackingClass(handler: string, given: Handlers): string {
  const [type, method] = partsOf(handler);
  if (handler === NONE)
    return "handler is missing: it names the function's class, such as com.example.Order, in one of the app's jars or source files";
  return `the handler's class ${type} is in none of the app's jars and source files${hint(type, method, given)}`;
}

function hint(type: string, method: string | undefined, { root, code, classes }: Handlers): string {
  const [before, last] = [type.slice(0, Math.max(0, type.lastIndexOf("."))), type.slice(type.lastIndexOf(".") + 1)];
  if (method === undefined && before !== "" && /^\p{Ll}/u.test(last)) return `: a method is named by two colons, as in ${before}::${last}`;
  const boot = code.jars.find((jar) => namesEndingIn(jar, "BOOT-INF/classes/").length > 0);
  if (boot !== undefined) {
    const command = JSON.stringify(["java", "-jar", relative(root, boot)]);
    return `: ${relative(root, boot)} is an executable jar of Spring Boot, which "runtime": "server" runs by "command": ${command}`;
  }
  const file = `/${last}.class`;
  const others = [...globSync(`**${file}`, { cwd: classes }), ...code.jars.flatMap((jar) => namesEndingIn(jar, file))];
  const names = [...new Set(others.map(nameOfClass))].filter((each) => each !== type);
  return names.length === 0 ? "" : `; there is ${names.toSorted().join(" and ")}`;
}

/** @param path of its file, which may be one for some versions of Java alone */
function nameOfClass(path: string): string {
  return path
    .replace(/^META-INF\/versions\/\d+\//, "")
    .replace(/\.class$/, "")
    .replaceAll("/", ".");
}
