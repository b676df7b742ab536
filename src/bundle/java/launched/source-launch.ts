/** Reads commands by which Java compiles one source file and runs it (JEP 330). */
import type { PartManifest } from "../../../store/catalog/parts.ts";

export interface SourceLaunch {
  /** Java's own words that mean the same for classes that were compiled before. */
  options: string[];
  /** As the command has it, or Java's own: the folder in which it runs. */
  classPath: string;
  /** The version of the language, if the command says one. */
  release: string | undefined;
  /** The source file, as the command names it. */
  file: string;
  /** The program's own. */
  parameters: string[];
}

const classPathWords = new Set(["-cp", "-classpath", "--class-path"]);
/** The memory, what is logged, assertions, variables. Other words may change what the compiler sees, or which class loader has the classes. */
const harmless =
  /^-(X(m[nsx]|ss|log|share).*|XX:(?!Flags=|VMOptionsFile=).*|D.*|(ea|da|esa|dsa|enableassertions|disableassertions)(:.*)?|server)$/;
/** Variables by which Java starts, or reads sources, in another way. */
const decisive =
  /^-D(file\.encoding|sun\.jnu\.encoding|java\.(class\.path|home|system\.class\.loader|security\.(manager|policy))|user\.dir|jdk\.(internal|launcher|module))\b/;

/** undefined if the command does something else, or if its classes might run otherwise than its source. */
export function sourceLaunch([program, ...words]: readonly string[]): SourceLaunch | undefined {
  if (program !== "java") return undefined;
  const options: string[] = [];
  let classPath = ".";
  let release: string | undefined;
  let at = 0;
  for (; words[at]?.startsWith("-") === true; at++) {
    const word = words[at]!;
    const [, name = word, own] = /^(--[^=]*)=(.*)$/s.exec(word) ?? [];
    if (classPathWords.has(name)) classPath = own ?? words[++at] ?? "";
    else if (name === "--source") release = own ?? words[++at] ?? "";
    else if (harmless.test(word) && !decisive.test(word)) options.push(word);
    else return undefined;
  }
  const [file = "", ...parameters] = words.slice(at);
  const isPlain = file.endsWith(".java") && !file.startsWith("@") && (release === undefined || /^\d{1,2}$/.test(release));
  return isPlain && isBelow(classPath) ? { options, classPath, release, file, parameters } : undefined;
}

/** Whether all of it is below the task root, where commands run: nobody here knows what is elsewhere. */
function isBelow(classPath: string): boolean {
  return classPath !== "" && classPath.split(":").every((each) => !each.startsWith("/") && !each.split("/").includes(".."));
}

/** Variables by which Java, or what is called so, takes more words than those of its command, or another encoding. */
const changing = /^(CLASSPATH|JAVA_TOOL_OPTIONS|JDK_JAVA_OPTIONS|_JAVA_OPTIONS|LANG|LANGUAGE|LC_\w+|PATH)$/;

/** Whether the app has variables with which a command may mean something else than it says. */
export function changesCommands({ env, secrets }: Pick<PartManifest, "env" | "secrets">): boolean {
  return [...Object.keys(env), ...secrets].some((name) => changing.test(name));
}
