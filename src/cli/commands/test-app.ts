import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { SHARED, startOwnServer } from "../../app-tests/start-server.ts";
import { MayflyError } from "../../base/errors/error.ts";
import { ExitCode } from "../exit-codes.ts";
import { prepareHost } from "../prepare-host.ts";

interface TestAppOptions {
  driver?: string;
  only?: string;
  json?: true;
}

export function define(command: Command): void {
  command
    .argument("[dir]", "the app's folder", ".")
    .argument("[file...]", "test files or globs, relative to it; default: those that Node takes for tests")
    .option("--driver <name>", "auto, qemu, gvisor or process (which isolates nothing)")
    .option("--only <pattern>", "tests whose names match this pattern")
    .option("--json", "print the results for programs: a line of JSON for each test")
    .addHelpText(
      "after",
      "\nStarts a server, runs the tests with node:test, and ends the server. They import startMayfly from @mayfly/testing, which need not be installed.\n\nExample:\n  mayfly test-app shop --driver process",
    )
    .action(testApp);
}

const hook = new URL("../../app-tests/resolve-testing.ts", import.meta.url).href;

const reporter = new URL("../../app-tests/json-reporter.ts", import.meta.url).href;

async function testApp(dir: string, files: string[], { driver, only, json }: TestAppOptions): Promise<void> {
  const cwd = resolve(dir);
  if (!existsSync(join(cwd, "mayfly.json")))
    throw new MayflyError("bad-manifest", { file: join(cwd, "mayfly.json"), what: "there is no such file" });
  await prepareHost();
  const server = await startOwnServer(driver);
  const { api, gateway, token } = server;
  try {
    const words = [
      "--disable-warning=ExperimentalWarning",
      `--import=${hook}`,
      "--test",
      ...(only === undefined ? [] : [`--test-name-pattern=${only}`]),
      ...(json ? [`--test-reporter=${reporter}`] : []),
      ...files,
    ];
    // Without what Node's test runner tells its files, if this command runs in one.
    const { NODE_TEST_CONTEXT: _, ...own } = process.env;
    const env = { ...own, [SHARED]: JSON.stringify({ api, gateway, token }) };
    const tests = spawn(process.execPath, words, { cwd, stdio: "inherit", env });
    // The terminal's Ctrl-C reaches the tests as well, and their end ends this command.
    process.on("SIGINT", () => undefined);
    process.on("SIGTERM", () => tests.kill("SIGTERM"));
    const [code] = (await once(tests, "exit")) as [number | null];
    process.exitCode = code === 0 ? ExitCode.Ok : ExitCode.Failed;
  } finally {
    await server.close();
  }
}
