/** Boots an image and runs the tests of its modules: through the agent where the image has one, else by a shell. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runInNewContext } from "node:vm";
import { nodePath } from "../images/guest-layout.ts";
import { refuseDamaged } from "../images/damage.ts";
import { describeImage, type Image } from "../images/image.ts";
import type { ModuleTest } from "../images/modules/module.ts";
import { runByAgent } from "./run-by-agent.ts";
import { busybox, runByShell } from "./run-by-shell.ts";
import type { CheckOptions, Ran } from "./answer.ts";

const MATCH_MS = 5_000;

interface TestResult {
  module: string;
  test: string;
  ok: boolean;
  /** What went wrong; empty where the test passed. */
  what: string;
}

export interface CheckResult {
  ok: boolean;
  /** From the start of QEMU to the end of the last test. */
  tookMs: number;
  tests: TestResult[];
}

export async function checkImage(image: Image, options: CheckOptions): Promise<CheckResult> {
  await refuseDamaged(image);
  const { modules, run } = await describeImage(image);
  const boots = { name: "it boots, and runs a program", command: run === null ? [nodePath, "--version"] : [busybox, "true"] };
  const own = modules.flatMap(({ name, tests }) => tests.map((test) => ({ module: name, test })));
  const wanted = [{ module: "image", test: boots }, ...own];
  const start = performance.now();
  const answer = await inFolder((folder) => {
    const commands = wanted.map(({ test }) => test.command);
    return run === null ? runByAgent(image, commands, folder, options) : runByShell(image, run, commands, folder, options);
  });
  const tests = wanted.map(({ module, test }, index) => judge(module, test, answer.ran[index], answer.lastWords));
  return { ok: tests.every(({ ok }) => ok), tookMs: performance.now() - start, tests };
}

async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "mayfly-check-"));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function judge(module: string, { name, prints }: Omit<ModuleTest, "command">, ran: Ran | undefined, lastWords: string): TestResult {
  const result = (what: string) => ({ module, test: name, ok: what === "", what });
  if (ran === undefined) return result(`it was not reached; the console's end: ${lastWords}`);
  const output = ran.output.trim();
  const shown = JSON.stringify(output.slice(-400));
  if (ran.code !== 0) return result(`its command ended with code ${ran.code} and printed ${shown}`);
  if (prints === undefined) return result("");
  return result(complaintOf(prints, output) ?? "");
}

/** The image, and so the pattern, may be anybody's: the match is given a bounded time. */
function complaintOf(prints: string, output: string): string | undefined {
  try {
    const matches = runInNewContext("new RegExp(prints, 'm').test(output)", { prints, output }, { timeout: MATCH_MS }) as boolean;
    return matches ? undefined : `its command printed ${JSON.stringify(output.slice(-400))}, which does not match /${prints}/`;
  } catch (error) {
    return `what its command printed cannot be held against /${prints}/: ${(error as Error).message}`;
  }
}
