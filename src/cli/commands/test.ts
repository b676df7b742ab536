import type { Command } from "commander";
import { MayflyError } from "../../errors/error.ts";
import { ExitCode } from "../exit-codes.ts";
import { prepareHost } from "../prepare-host.ts";
import { findTests, runTests } from "../run-tests.ts";

/** The tests of egress build a network of their own. */
const iproute = { name: "iproute2", program: "ip", why: "makes the network namespaces of the tests" };

export function define(command: Command): void {
  command
    .argument("[files...]", "run only the test files whose path contains one of these")
    .option("--json", "print the totals as JSON on the last line")
    .addHelpText(
      "after",
      "\nReal machines are started; a part that is missing is a failure, not a skip.\n\nExample:\n  mayfly test src/policy",
    )
    .action(test);
}

async function test(filters: string[], options: { json?: true }): Promise<void> {
  const files = findTests(filters);
  if (files.length === 0) throw new MayflyError("bad-request", { what: `no test file's path contains ${filters.join(" or ")}` });
  await prepareHost([iproute]);
  const totals = await runTests(files);
  console.log(options.json ? JSON.stringify(totals) : inWords(totals));
  if (totals.failed > 0 || totals.passed === 0) process.exitCode = ExitCode.Failed;
}

/** The last line, which CI reads. */
function inWords({ passed, failed, skipped }: { passed: number; failed: number; skipped: number }): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}
