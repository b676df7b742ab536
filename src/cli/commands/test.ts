import { type Command, Option } from "commander";
import { loadConfig } from "../../base/config/load.ts";
import { MayflyError } from "../../base/errors/error.ts";
import { ExitCode } from "../exit-codes.ts";
import { type Suite, suites } from "../fresh/debian-root.ts";
import { runFresh } from "../fresh/run-fresh.ts";
import { prepareHost } from "../prepare-host.ts";
import { type FileTime, findTests, runTests } from "../run-tests.ts";
import { projectDir, runTool } from "../run-tool.ts";
import { asJson } from "../as-json.ts";

/** The tests of egress create network namespaces with `ip`. */
const iproute = { name: "iproute2", program: "ip", why: "makes the network namespaces of the tests" };

const systemd = { name: "systemd", program: "systemd-analyze", why: "checks the unit that `mayfly install` writes" };

const chromium = { name: "chromium-headless-shell", program: "chromium-headless-shell", why: "the browser of the dashboard's tests" };

const debootstrap = { name: "debootstrap", program: "debootstrap", why: "makes the minimal Debian" };

interface TestOptions {
  packages?: true;
  json?: true;
  fresh?: Suite;
}

export function define(command: Command): void {
  command
    .argument("[files...]", "run only the test files whose path contains one of these")
    .addOption(
      new Option("--fresh <suite>", "run `mayfly demo --once` and the tests in a minimal Debian made for it, from a clone").choices(suites),
    )
    .option("--json", "print the totals as JSON on the last line")
    .option(
      "--packages",
      "instead, try some hundred npm packages, or those whose names contain one of the arguments, and print a table; installs them first",
    )
    .addHelpText(
      "after",
      "\nReal machines are started; a part that is missing is a failure, not a skip.\n\nExample:\n  mayfly test src/policy\n  mayfly test --fresh trixie",
    )
    .action(test);
}

async function test(filters: string[], options: TestOptions): Promise<void> {
  if (options.fresh !== undefined) return testFresh(options.fresh, filters, options);
  if (options.packages) return testPackages(filters);
  const files = findTests(filters);
  if (files.length === 0) throw new MayflyError("bad-request", { what: `no test file's path contains ${filters.join(" or ")}` });
  const browser = files.some((file) => /dashboard|client\.test/.test(file)) ? [chromium] : [];
  await prepareHost([iproute, systemd, ...browser]);
  const { times, ...totals } = await runTests(files);
  if (options.json) console.log(asJson("test", { ...totals, times }));
  else console.log(slowest(times) + inWords(totals));
  if (totals.failed > 0 || totals.passed === 0) process.exitCode = ExitCode.Failed;
}

async function testFresh(suite: Suite, filters: string[], { json }: TestOptions): Promise<void> {
  await prepareHost([debootstrap]);
  const result = await runFresh({ suite, cacheDir: loadConfig({}).cacheDir, filters });
  if (result === undefined) return;
  const { passed, detail, log } = result;
  console.log(json ? asJson("test", { suite, passed, detail, log }) : `Debian ${suite}: ${detail}. The log is ${log}`);
  if (!passed) process.exitCode = ExitCode.Failed;
}

/**
 * Prints a table and how many rows are as expected. It is not one of the tests, because it downloads a lot and its results change with the
 * packages.
 */
async function testPackages(filters: string[]): Promise<void> {
  await prepareHost();
  process.exitCode = await runTool(process.execPath, [
    "--disable-warning=ExperimentalWarning",
    `${projectDir}test/packages/run.ts`,
    ...filters,
  ]);
}

/** The slowest test files, which are worth a look if the tests take too long. Empty if fewer than 30 files ran. */
function slowest(times: FileTime[]): string {
  if (times.length < 30) return "";
  const seconds = (ms: number | undefined) => (ms === undefined ? "?" : (ms / 1000).toFixed(1)).padStart(7);
  const lines = times.slice(0, 40).map(({ file, ms, cpuMs }) => `${seconds(ms)} s ${seconds(cpuMs)} s  ${file}`);
  const all = times.reduce((sum, { cpuMs = 0 }) => sum + cpuMs, 0);
  return `Slowest files, with their CPU time (${seconds(all).trim()} s in all):\n${lines.join("\n")}\n`;
}

/** The last line of the output, which CI reads. */
function inWords({ passed, failed, skipped }: { passed: number; failed: number; skipped: number }): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}
