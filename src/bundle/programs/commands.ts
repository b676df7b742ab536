/** Judges the parameters of servers' commands: scripts that machines would not find, and what only a shell would understand. */
import { join } from "node:path";
import { MayflyError } from "../../base/errors/error.ts";
import type { PartManifest } from "../../store/catalog/parts.ts";
import { statOf } from "../files/stat-of.ts";
import type { TravellingFile } from "../files/travelling-file.ts";
import { pathBelow } from "./programs.ts";

type Functions = Pick<PartManifest, "functions">;

/** After one of these, Node and Python run something else than a script. */
const withoutScript = /^(-[epcm]|--eval|--print)$/;
const isScript = /\.([cm]?[jt]s|py)$/;

/** Where the packages are that a deploy installs. */
const INSTALLED = "site-packages/";

/** @param file the manifest, for errors. Throws "bad-manifest" if a command runs a script that does not travel, such as one that was not built yet. */
export function refuseMissingScripts({ functions }: Functions, root: string, travelling: TravellingFile[], file: string): void {
  const paths = new Set(travelling.map(({ path }) => path));
  for (const [name, { command = [] }] of Object.entries(functions)) {
    const script = scriptOf(command);
    const path = script === undefined ? undefined : placeOf(script);
    if (path === undefined || paths.has(path) || path.startsWith(INSTALLED)) continue;
    throw new MayflyError("bad-manifest", {
      file,
      what: `functions.${name}.command runs ${JSON.stringify(script)}, ${whyMissing(root, path)}`,
    });
  }
}

function whyMissing(root: string, path: string): string {
  if (path.startsWith("../")) return "which is outside of the app's folder";
  if (statOf(join(root, path)) === undefined) return "but there is no such file: build the app first, if a build makes it";
  return path.split("/").includes("node_modules")
    ? "which does not travel by itself: name its package in `external`"
    : "which does not travel by itself: name it in `files`";
}

/** The file that the command runs, as it is written there; undefined if that is something else, or not certain. */
function scriptOf([program, ...parameters]: string[]): string | undefined {
  if (program === "java") {
    const jar = parameters.indexOf("-jar");
    return jar < 0 ? undefined : parameters[jar + 1];
  }
  if (program !== "node" && program !== "python3") return undefined;
  for (const [at, word] of parameters.entries()) {
    if (withoutScript.test(word)) return undefined;
    if (word.startsWith("-")) continue;
    if (isScript.test(word)) return word;
    // What follows an option may be its value; any other word is a script whose name has no ending.
    if (parameters[at - 1]?.startsWith("-") !== true) return undefined;
  }
  return undefined;
}

/** Below the task root; undefined for what belongs to the machine. */
function placeOf(script: string): string | undefined {
  return script.includes("/") ? pathBelow(script) : script;
}

/** A sentence for each function whose command has a word that only a shell would replace or heed. */
export function shellWords({ functions }: Functions): string[] {
  return Object.entries(functions).flatMap(([name, { command = [] }]) => {
    const word = command.find((each, at) => at > 0 && !withoutScript.test(command[at - 1]!) && ofShell.test(each));
    if (word === undefined) return [];
    const cure = /\bPORT\b/.test(word)
      ? "a program that does not read the variable PORT by itself gets a port of its own, such as 8000, here and as PORT in `env` of mayfly.json"
      : "name one program, and set variables by `env` of mayfly.json";
    return [`functions.${name}: ${JSON.stringify(word)} reaches the program as it is written, because no shell reads the command: ${cure}`];
  });
}

const ofShell = /^(&&|\|\|?|;|[12]?>>?|<)$|(^|[=:/])\$(\{\w+\}|[A-Za-z_]\w*)/;
