import type { Command } from "commander";
import { prepareHost } from "../prepare-host.ts";
import { projectDir, runTool } from "../run-tool.ts";

export function define(command: Command): void {
  command
    .argument("[words...]", "passed on to bench/main.ts")
    .allowUnknownOption()
    .addHelpText("after", "\nbench/README.md says what is measured, against whom, and what is not.\n\nExample:\n  mayfly bench")
    .action(bench);
}

async function bench(words: string[]): Promise<void> {
  await prepareHost();
  process.exitCode = await runTool(process.execPath, ["--disable-warning=ExperimentalWarning", `${projectDir}bench/main.ts`, ...words]);
}
