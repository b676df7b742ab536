import { writeFileSync } from "node:fs";
import { type Command, InvalidArgumentError } from "commander";
import { MayflyError } from "../../base/errors/error.ts";
import { configSchema } from "../../base/config/schema.ts";
import { defaultPrices } from "../../base/config/prices.ts";
import type { Report } from "../../simulator/report/report.ts";
import { reportInText } from "../../simulator/report/text.ts";
import { type MachineName, machineModels } from "../../simulator/study/machines.ts";
import { policyNames } from "../../simulator/study/policies.ts";
import type { Source } from "../../simulator/study/source.ts";
import { runStudy, type Study } from "../../simulator/study/study.ts";
import { findTrace } from "../../simulator/study/trace-files.ts";
import { fineSteps, usualFamilies, usualSeeds, usualSizes, usualSteps } from "../../simulator/study/usual.ts";
import { type FamilyName, families } from "../../simulator/workloads/families.ts";
import { parseCount } from "../parse.ts";
import { showProgress } from "../../base/terminal/terminal.ts";

interface Options {
  family?: string;
  trace?: string[];
  policy?: string;
  hours?: number;
  apps?: number;
  seed: string;
  waitWorth: number;
  frontier?: true;
  machine: string;
  json?: true;
  html?: string;
}

const servedWaitWorth = configSchema.shape.waitWorth.parse(undefined);
const familyNames = Object.keys(families) as FamilyName[];
const machineNames = Object.keys(machineModels) as MachineName[];

export function define(command: Command): void {
  command
    .option("--family <names>", `generated workloads, some of ${familyNames.join(",")} (default: ${usualFamilies.join(",")})`)
    .option(
      "--trace <kind:path>",
      "recorded ones instead: azure2019:DIR, azure2021:FILE, huawei2023:FILE,…, huawei2025:FILE,… or recorded:FILE; may be repeated",
      collect,
    )
    .option("--policy <names>", `some of ${policyNames.join(",")} (default: all)`)
    .option("--hours <count>", "virtual hours (default: all of a trace, 1 to 24 of a family)", parseHours)
    .option("--apps <count>", "apps (default: all of a trace, 3 to 40 of a family)", parseCount(1, 100_000))
    .option("--seed <numbers>", "one run for each; the tables show medians", usualSeeds.join(","))
    .option(
      "--wait-worth <number>",
      "the knob: what a second of a caller's wait is worth, in GB-seconds",
      parseCount(0, 1_000_000),
      servedWaitWorth,
    )
    .option("--frontier", "show what ours trades as the knob moves, in finer steps")
    .option("--machine <name>", `how quick machines are: ${machineNames.join(" or ")}`, "qemu")
    .option("--html <file>", "write a page with plots, too")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\ndocs/simulator.md says what is modelled and how to read the tables.\n\nExamples:\n  mayfly simulate\n  mayfly simulate --family bursts --frontier --html report.html",
    )
    .action(simulate);
}

async function simulate(options: Options): Promise<void> {
  const study = studyOf(options);
  const progress = showProgress();
  const report = await runStudy(study, progress.step);
  if (options.html !== undefined) await writePage(report, options.html, progress.step);
  progress.done();
  console.log(options.json ? JSON.stringify(report) : reportInText(report, { frontier: options.frontier ?? false }));
}

function studyOf(options: Options): Study {
  return {
    sources: sourcesOf(options),
    policies: pick("policy", options.policy, policyNames),
    seeds: [...new Set(options.seed.split(",").map(seedOf))],
    worth: { wait: options.waitWorth, cpu: defaultPrices.vcpuSecond / defaultPrices.gbSecond },
    machine: pick("machine", options.machine, machineNames)[0]!,
    frontier: options.frontier ? fineSteps : usualSteps,
  };
}

function sourcesOf({ family, trace, hours, apps }: Options): Source[] {
  if (trace !== undefined && family !== undefined)
    throw new MayflyError("bad-request", { what: "--family and --trace exclude each other" });
  if (trace !== undefined) return trace.map((text) => ({ trace: findTrace(text), hours: hours ?? Infinity, apps: apps ?? Infinity }));
  const names = family === undefined ? usualFamilies : pick("family", family, familyNames);
  return names.map((name) => ({ family: name, hours: hours ?? usualSizes[name].hours, apps: apps ?? usualSizes[name].apps }));
}

function pick<Name extends string>(what: string, text: string | undefined, allowed: readonly Name[]): Name[] {
  if (text === undefined) return [...allowed];
  return [...new Set(text.split(","))].map((word) => {
    const name = allowed.find((each) => each === word);
    if (name === undefined)
      throw new MayflyError("bad-request", { what: `there is no ${what} "${word}"; there are ${allowed.join(", ")}` });
    return name;
  });
}

function seedOf(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new MayflyError("bad-request", { what: `"${text}" is no seed; it is a whole number of up to nine digits` });
}

function parseHours(text: string): number {
  const hours = Number(text);
  if (hours >= 0.01 && hours <= 24 * 366) return hours;
  throw new InvalidArgumentError("It must be a number of 0.01 to 8784.");
}

async function writePage(report: Report, file: string, step: (text: string) => void): Promise<void> {
  step(`drawing ${file}`);
  const { reportPage } = await import("../../../lab/page/page.ts");
  writeFileSync(file, await reportPage(report));
}

function collect(text: string, earlier: string[] = []): string[] {
  return [...earlier, text];
}
