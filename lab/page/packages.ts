/**
 * The npm packages that draw plots, some eighty, which only a page needs. They are installed into `lab/node_modules` when the first page is asked for,
 * in the versions of `lab/package-lock.json`.
 */
import { execFile } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { MayflyError } from "../../src/base/errors/error.ts";

const lab = fileURLToPath(new URL("..", import.meta.url));
const npmPreload = fileURLToPath(new URL("../../src/setup/npm-for-node-26.cjs", import.meta.url));

export interface InstallOptions {
  /** Folder that has package.json and its lock file, and gets node_modules. */
  folder?: string;
  /** Arguments for npm beside those that are always given. */
  npmArguments?: string[];
}

/**
 * Installs the packages of the lock file, unless they are there. Rejects with "missing-part" if npm cannot install them.
 * @param step is called with the name of each step when it begins
 */
export async function installPackages(step: (text: string) => void, options: InstallOptions = {}): Promise<void> {
  const { folder = lab, npmArguments = [] } = options;
  if (areInstalled(folder)) return;
  step("installing the npm packages that draw plots (vega, vega-lite), once");
  try {
    await install(folder, npmArguments);
  } catch (error) {
    throw new MayflyError(
      "missing-part",
      { part: "what draws the plots of a page (the npm packages vega and vega-lite)", reason: reasonOf(error), cure },
      error,
    );
  }
}

const cure = "Connect it to the npm registry and run the same again: they are installed once. Without --html, nothing is drawn.";

/** Whether the packages of this lock file are there. Each install keeps its lock file in node_modules, so that another lock file is noticed. */
function areInstalled(folder: string): boolean {
  const installed = join(folder, "node_modules", ".installed-lock");
  return existsSync(installed) && readFileSync(installed).equals(readFileSync(join(folder, "package-lock.json")));
}

/** Installs into a folder beside node_modules and renames that: two processes may install at the same time, and none sees half of an install. */
async function install(folder: string, npmArguments: string[]): Promise<void> {
  const beside = mkdtempSync(join(folder, ".installing-"));
  try {
    for (const name of ["package.json", "package-lock.json"]) copyFileSync(join(folder, name), join(beside, name));
    await npmCi(beside, npmArguments);
    copyFileSync(join(folder, "package-lock.json"), join(beside, "node_modules", ".installed-lock"));
    putInPlace(folder, beside);
  } finally {
    rmSync(beside, { recursive: true, force: true });
  }
}

function putInPlace(folder: string, beside: string): void {
  const modules = join(folder, "node_modules");
  if (existsSync(modules) && !areInstalled(folder)) renameSync(modules, join(beside, "replaced"));
  try {
    renameSync(join(beside, "node_modules"), modules);
  } catch (error) {
    // Another process has installed the packages meanwhile.
    if (!areInstalled(folder)) throw error;
  }
}

/** npm may run on an older Node than Mayfly: the preloaded file says why that matters. */
async function npmCi(cwd: string, npmArguments: string[]): Promise<void> {
  const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", ...npmArguments];
  await promisify(execFile)("npm", args, { cwd, env: { ...process.env, NODE_OPTIONS: `--require "${npmPreload}"` } });
}

function reasonOf(error: unknown): string {
  const { stderr, code, message } = error as Partial<NodeJS.ErrnoException> & { stderr?: string };
  if (code === "ENOENT") return "npm, which installs them, is not there";
  return reasonIn(stderr ?? "") ?? message ?? "npm failed";
}

/**
 * The first line of npm's output about its failure.
 * @param stderr the output of npm, which begins such lines with "npm error" from npm 10 on, with "npm ERR!" before
 */
export function reasonIn(stderr: string): string | undefined {
  const lines = stderr.split("\n").map((line) => /^npm (?:error|ERR!)\s*(.*)/.exec(line)?.[1]);
  const told = lines.find((line) => line !== undefined && line !== "" && !/^(code|errno|syscall|type)\b/.test(line));
  return told?.replace(/\.$/, "");
}
