/** Finds the files of the app's folder that its functions name as programs: an entry, or what is in a command. */
import { realpathSync } from "node:fs";
import { join, posix } from "node:path";
import { MayflyError } from "../../base/errors/error.ts";
import type { Manifest } from "../../store/catalog/manifest.ts";
import { taskRootPath } from "../../images/guest-layout.ts";
import { inPlace } from "../files/collect.ts";
import { isWithin } from "../files/matched.ts";
import { mayTravel } from "../files/named.ts";
import { statOf } from "../files/stat-of.ts";
import type { TravellingFile } from "../files/travelling-file.ts";

export interface AppProgram {
  /** Of the function. */
  name: string;
  /** As the manifest has it. */
  program: string;
  /** The program itself, if it is a file of the folder; otherwise a machine has to have it. */
  file?: TravellingFile;
  /** Absolute paths of the folder's files that are among the command's parameters. */
  named: string[];
}

/** @param file the manifest, for errors. Throws "bad-manifest" if a program is named by a path that leads to no file of the folder. */
export function appPrograms({ functions }: Pick<Manifest, "functions">, root: string, file: string): AppProgram[] {
  return Object.entries(functions).map(([name, { entry, command = [] }]) => {
    const [program, ...parameters] = (entry === undefined ? command : [entry]) as [string, ...string[]];
    const named = parameters.flatMap((each) => namedFile(root, each) ?? []);
    const path = entry ?? pathBelow(program);
    if (path === undefined) return { name, program, named };
    const what = refusal(root, path);
    if (what === undefined) return { name, program, file: { ...inPlace(root, join(root, path)), executable: true }, named };
    const key = `functions.${name}.${entry === undefined ? "command begins with" : "entry is"}`;
    throw new MayflyError("bad-manifest", { file, what: `${key} ${JSON.stringify(program)}, but ${what}` });
  });
}

function refusal(root: string, path: string): string | undefined {
  const place = join(root, path);
  if (!isWithin(place, root)) return "must stay inside of the app's folder";
  if (statOf(place)?.isFile() !== true) return "there is no such file";
  return isWithin(realpathSync(place), root) ? undefined : "it is a link that leads out of the app's folder";
}

/** The path relative to the task root, where commands are run; undefined if the program is one of the machine's. */
export function pathBelow(program: string): string | undefined {
  if (!program.includes("/")) return undefined;
  if (!program.startsWith("/")) return posix.normalize(program);
  return program.startsWith(`${taskRootPath}/`) ? posix.relative(taskRootPath, program) : undefined;
}

function namedFile(root: string, parameter: string): string | undefined {
  const path = parameter.includes("/") ? pathBelow(parameter) : parameter;
  return path !== undefined && mayTravel(join(root, path), root) ? join(root, path) : undefined;
}
