import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { ExitCode } from "../exit-codes.ts";
import { openLaboratory } from "../../simulator/laboratory.ts";
import { projectDir, runTool } from "../run-tool.ts";
import { bold, showProgress } from "../../base/terminal/terminal.ts";
import { asJson } from "../as-json.ts";

/** `lab` and others may be missing, because the product runs without them. */
const folders = ["src", "lab", "test", "bench", "examples"].filter((folder) => existsSync(join(projectDir, folder)));

const checks = [
  { name: "types", program: "tsc", args: ["--noEmit"] },
  { name: "types in browsers", program: "tsc", args: ["--noEmit", "--project", "src/dashboard/browser"] },
  { name: "lint", program: "oxlint", args: ["--type-aware", "--deny-warnings", ...folders] },
  { name: "format", program: "oxfmt", args: ["--check", ...folders] },
  { name: "unused code", program: "knip", args: [] },
];

export function define(command: Command): void {
  command
    .option("--json", "print JSON once all have run")
    .addHelpText("after", "\nRuns all of them, whichever fail.\n\nExample:\n  mayfly check")
    .action(check);
}

async function check(options: { json?: true }): Promise<void> {
  await installLaboratory();
  const failed: string[] = [];
  for (const { name, program, args } of checks) {
    console.error(bold(name, process.stderr));
    if ((await runTool(program, args)) !== 0) failed.push(name);
  }
  const summary = failed.length === 0 ? "All checks pass." : `Failed: ${failed.join(", ")}.`;
  console.log(options.json ? asJson("check", { failed }) : summary);
  if (failed.length > 0) process.exitCode = ExitCode.Failed;
}

/** The type check covers the laboratory's plots too, so their libraries must be installed. */
async function installLaboratory(): Promise<void> {
  const progress = showProgress();
  await (await openLaboratory())?.install(progress.step).finally(progress.done);
}
