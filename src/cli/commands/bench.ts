import { resolve } from "node:path";
import type { Command } from "commander";
import { prepareHost } from "../prepare-host.ts";
import { projectDir, runTool } from "../run-tool.ts";

type BenchOptions = Record<string, string>;

export function define(command: Command): void {
  command
    .option("--only <cases>", "some of warm,waiting,first-call,memory,live")
    .option("--drivers <names>", "some of process,gvisor,qemu")
    .option("--rounds <count>", "measure this often and take the median")
    .option("--seconds <count>", "length of one measurement of load")
    .option("--minutes <count>", "length of the case live")
    .option("--json <file>", "write the results to a file as JSON, too")
    .addHelpText(
      "after",
      "\nbench/README.md says what is measured, against whom, and what is not.\n\nExample:\n  mayfly bench --only warm --json results.json",
    )
    .action(bench);
}

async function bench({ json, ...options }: BenchOptions): Promise<void> {
  await prepareHost();
  const given = { ...options, ...(json !== undefined && { json: resolve(json) }) };
  const words = Object.entries(given).flatMap(([name, value]) => [`--${name}`, value]);
  process.exitCode = await runTool(process.execPath, ["--disable-warning=ExperimentalWarning", `${projectDir}bench/main.ts`, ...words]);
}
