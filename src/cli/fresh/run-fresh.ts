/**
 * `mayfly test --fresh`: makes a minimal Debian without leftovers of other work, clones this repository into it, and runs the README's two
 * commands there.
 *
 * Owns `<cache>/fresh/`: a folder for each run, which is removed at its end (a killed run's folder is removed by the next run), and the
 * latest log of each suite.
 */
import { execFileSync } from "node:child_process";
import { createWriteStream, mkdirSync } from "node:fs";
import { join } from "node:path";
import { once } from "node:events";
import { MayflyError } from "../../base/errors/error.ts";
import { withDraftFolder } from "../../images/draft-folder.ts";
import { projectDir } from "../run-tool.ts";
import { showProgress } from "../../base/terminal/terminal.ts";
import { makeDebian, type Suite } from "./debian-root.ts";
import { enterRoot } from "./enter.ts";
import { type FreshGroups, makeFreshGroups } from "./groups.ts";
import { type Logged, runLogged } from "./run-logged.ts";

export interface FreshOptions {
  suite: Suite;
  cacheDir: string;
  /** Filters of test files; if empty, all files run. */
  filters: string[];
}

export interface FreshResult {
  passed: boolean;
  /** A clause for the end of a sentence. */
  detail: string;
  log: string;
}

/** The packages that the README asks for. */
const packages = ["nodejs", "npm", "git"];

/** Rejects with "missing-part" if this host lacks something; resolves with undefined if a signal ended the run. Only the log remains. */
export async function runFresh({ suite, cacheDir, filters }: FreshOptions): Promise<FreshResult | undefined> {
  if (process.getuid?.() !== 0) throw missing("root's rights", "another root folder is entered by its rights alone", "Run it as root.");
  const folder = join(cacheDir, "fresh");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const groups = await makeFreshGroups();
  const file = join(folder, `${suite}.log`);
  const log = createWriteStream(file);
  const { signal, ignore } = untilSignal();
  try {
    const passed = await withDraftFolder(folder, (draft) => inDraft(draft, { suite, filters, groups, logged: { log, signal } }));
    return { ...passed, log: file };
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  } finally {
    ignore();
    log.end();
    await once(log, "close");
  }
}

interface Run {
  suite: Suite;
  filters: string[];
  groups: FreshGroups;
  logged: Logged;
}

async function inDraft(draft: string, run: Run): Promise<Omit<FreshResult, "log">> {
  try {
    return await runIn(join(draft, "root"), run);
  } finally {
    // Also waits until the last process has ended, and with it the last mount.
    await run.groups.remove();
  }
}

async function runIn(root: string, { suite, filters, groups, logged }: Run): Promise<Omit<FreshResult, "log">> {
  const { step, done } = showProgress();
  const run = async (command: string[], env: Record<string, string>) => {
    const { code, complaint } = await runLogged(logged, command, env, false);
    if (code !== 0)
      throw missing(`Debian ${suite}`, `it could not be made: ${complaint}`, `${String(logged.log.path)} has all that was said.`);
  };
  const env = await makeDebian({ suite, root, packages, groups, run, progress: step }).finally(done);
  step("cloning the repository into it");
  execFileSync("git", ["clone", "--quiet", "--no-hardlinks", projectDir, join(root, "mayfly")]);
  done();
  // Debian 13 has /tmp in memory, Debian 12 on the disk.
  const entry = { root, cwd: "/mayfly", groups, tmpfs: suite === "bookworm" ? [] : ["/tmp"] };
  const inside = (...command: string[]) => {
    console.error(`--- in Debian ${suite}: ${command.join(" ")}`);
    return runLogged(logged, enterRoot(entry, command), env, true);
  };
  const { code: demo } = await inside("./mayfly", "demo", "--once");
  if (demo !== 0) return { passed: false, detail: `\`mayfly demo --once\` ended with ${demo}` };
  const { code: tests } = await inside("./mayfly", "test", ...filters);
  if (tests !== 0) return { passed: false, detail: `the demo passed, but \`mayfly test\` ended with ${tests}` };
  return { passed: true, detail: "the demo and the tests passed" };
}

function missing(part: string, reason: string, cure: string): MayflyError {
  return new MayflyError("missing-part", { part, reason, cure });
}

/** Aborted by Ctrl-C and similar signals; everything is removed before this process ends. */
function untilSignal(): { signal: AbortSignal; ignore: () => void } {
  const controller = new AbortController();
  const abort = (name: NodeJS.Signals) => {
    console.error(`${name}: removing everything that was made`);
    process.exitCode = name === "SIGINT" ? 130 : 143;
    controller.abort();
  };
  const names = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const name of names) process.on(name, abort);
  return { signal: controller.signal, ignore: () => names.forEach((name) => process.off(name, abort)) };
}
