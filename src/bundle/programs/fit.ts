/** Refuses programs that machines could not run, before anything is uploaded. */
import { readFile } from "node:fs/promises";
import { posix } from "node:path";
import { MayflyError } from "../../base/errors/error.ts";
import { machineRuntimeOf } from "../../base/kind/machine-kind.ts";
import { programFaults } from "../../images/elf/program-fit.ts";
import type { Look } from "../../images/elf/shared-libraries.ts";
import { guestEnvironment, machinePrograms, taskRootPath } from "../../images/guest-layout.ts";
import { machineFiles } from "../../images/machine-files.ts";
import type { PartManifest } from "../../store/catalog/parts.ts";
import type { Surroundings } from "../app-folder.ts";
import type { TravellingFile } from "../files/travelling-file.ts";
import type { AppProgram } from "./programs.ts";

/** @param part whose programs these are. Rejects with "build-failed" */
export async function refuseUnfit(
  programs: AppProgram[],
  travelling: TravellingFile[],
  { runtime, env }: Pick<PartManifest, "runtime" | "env">,
  surroundings: Surroundings,
): Promise<void> {
  const machine = await machineFiles(surroundings);
  const own = machinePrograms(machineRuntimeOf(runtime));
  const places = new Map([...machine, ...travelling.map(({ path, from }): Place => [posix.join(taskRootPath, path), from])]);
  const look = withLibraryPath(env, async (path) => {
    const place = places.get(path);
    return place === undefined ? undefined : readFile(place);
  });
  for (const { name, program, file } of programs) {
    const paths = file === undefined ? placesOf(program, env) : [posix.join(taskRootPath, file.path)];
    const path = paths.find((each) => places.has(each) || own.includes(each));
    const faults = path === undefined ? [lacking(program)] : await faultsOf(path, look);
    if (faults.length === 0) continue;
    // What AWS Lambda starts is a program, and no command.
    const cure = path === undefined || runtime === "provided" ? undefined : cureOf(program);
    const what = `${program} ${faults.join(", and ")}${cure === undefined ? "" : `: ${cure}`}`;
    throw new MayflyError("build-failed", { function: name, what });
  }
}

/** Path in the machine, path on this host. */
type Place = [string, string];

async function faultsOf(path: string, look: Look): Promise<string[]> {
  // What the machine has itself runs there.
  return path.startsWith(`${taskRootPath}/`) ? programFaults({ path, data: (await look(path))! }, look) : [];
}

/** Where a machine looks for a command's program, in order: for a name without a path in the folders of PATH. */
function placesOf(program: string, env: Record<string, string>): string[] {
  const { PATH = "" } = { ...guestEnvironment("node"), ...env };
  return program.includes("/") ? [program] : PATH.split(":").map((folder) => posix.resolve(taskRootPath, folder, program));
}

/** What people write for what machines have by another name, and why. */
const instead: [programs: RegExp, cure: (program: string) => string][] = [
  [/^(npm|npx|yarn|pnpm|bun)$/, () => 'name what it would start, as in ["node", "server.js"]'],
  [/^(ba|da)?sh$/, () => "no shell reads the command: name the program itself, and set variables by `env` of mayfly.json"],
  [/\.sh$/, () => "machines have no shell: name the program that the script starts, and set variables by `env` of mayfly.json"],
  [/\.[cm]?[jt]s$/, (program) => `a script is run by ${JSON.stringify(["node", program])}`],
  [/\.py$/, (program) => `a script is run by ${JSON.stringify(["python3", program])}`],
  [/\.jar$/, (program) => `a jar is run by ${JSON.stringify(["java", "-jar", program])}`],
  [/^(python|python3\.\d+|pip3?|flask|gunicorn|uvicorn|hypercorn|waitress-serve|daphne|fastapi)$/, inPython],
];

function cureOf(program: string): string | undefined {
  return instead.find(([programs]) => programs.test(program))?.[1](program);
}

function inPython(program: string): string {
  if (program.startsWith("p")) return 'Python is called python3, as in ["python3", "app.py"]';
  return `what a package of Python brings is run as a module, as in ["python3", "-m", ${JSON.stringify(program.replace("-serve", ""))}]`;
}

function lacking(program: string): string {
  const ofFolder = program.includes("/") ? "" : `; a file of the app's folder is written as ./${program}`;
  const cure = cureOf(program);
  return `is no program of machines, which have node, and java or python3 for a command that begins with it, beside the app's own files${cure === undefined ? ofFolder : `: ${cure}`}`;
}

/** The loader takes a library of these folders first. Relative ones begin at the task root, where programs are run. */
function withLibraryPath({ LD_LIBRARY_PATH = "" }: Record<string, string>, look: Look): Look {
  const named = LD_LIBRARY_PATH.split(/[:;]/).filter((folder) => folder !== "");
  const folders = named.map((folder) => posix.resolve(taskRootPath, folder));
  return async (path) => {
    const places = posix.basename(path).includes(".so") ? folders.map((folder) => posix.join(folder, posix.basename(path))) : [];
    for (const place of places) {
      const library = await look(place);
      if (library !== undefined) return library;
    }
    return look(path);
  };
}
