/**
 * Checks that an app's handlers are in its code, as classes that machines can run. A class that uses a handler as the agent does compiles only if the handler
 * is what it should be, so that the compiler says what is wrong.
 */
import { globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import type { JavaCode } from "./app-code.ts";

/** Resolves with what the compiler said if it failed. */
export type Javac = (files: string[], target: string) => Promise<string | undefined>;

export interface Handlers {
  /** The app's folder. */
  root: string;
  code: JavaCode;
  /** The folder of the classes that were compiled. */
  classes: string;
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

function isName(handler: string): boolean {
  return /^[\p{L}_$][\p{L}\p{N}_$]*(\.[\p{L}_$][\p{L}\p{N}_$]*)*(::[\p{L}_$][\p{L}\p{N}_$]*)?$/u.test(handler);
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
  for (const [, name, line, what] of said.matchAll(/^(?:.*\/)?(\w+\.java):(\d+): error: (.*(?:\n(?!\S*\.java:\d+: ).*)*)/gm))
    if (name === file) errors.set(Number(line), `${errors.get(Number(line)) ?? ""}${what}\n`);
  return errors;
}

function faultOf(handler: string, errors: Map<number, string>, given: Handlers): string | undefined {
  const all = [...errors.values()].join("");
  const [type, method] = partsOf(handler);
  const ofClass = errors.get(Line.Class) ?? "";
  if (/expected|illegal start of/.test(ofClass)) return noName(handler);
  if (/^\s*symbol:\s+class|does not exist/m.test(ofClass)) return lackingClass(handler, given);
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
  if (method !== undefined) {
    const wrong =
      /^\s*symbol:\s+method/m.test(errors.get(Line.Method) ?? "") || /has (private|protected) access/.test(errors.get(Line.Method) ?? "");
    return wrong ? `the handler's class ${type} has no public method ${method}` : undefined;
  }
  const isNeither = [Line.Values, Line.Streams].every((line) => errors.get(line)?.startsWith("incompatible types"));
  return isNeither
    ? `the handler's class ${type} implements neither RequestHandler nor RequestStreamHandler: name a method of it, as in ${handler}::handle`
    : undefined;
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
  const boot = code.jars.find((jar) => readFileSync(jar).includes("BOOT-INF/classes/"));
  if (boot !== undefined) {
    const command = JSON.stringify(["java", "-jar", relative(root, boot)]);
    return `: ${relative(root, boot)} is an executable jar of Spring Boot, which "runtime": "server" runs by "command": ${command}`;
  }
  const others = [...globSync(`**/${last}.class`, { cwd: classes }), ...code.jars.flatMap((jar) => classesCalled(last, jar))];
  const names = [...new Set(others.map((each) => each.replace(/\.class$/, "").replaceAll("/", ".")))].filter((each) => each !== type);
  return names.length === 0 ? "" : `; there is ${names.toSorted().join(" and ")}`;
}

/** The names in a jar stand in it as they are. */
function classesCalled(name: string, jar: string): string[] {
  const text = readFileSync(jar).toString("latin1");
  return [...text.matchAll(/(?:[A-Za-z_][\w]*\/)+(\w+)\.class/g)].filter(([, each]) => each === name).map(([path]) => path);
}
