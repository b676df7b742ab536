import { writeFileSync } from "node:fs";
import type { Command } from "commander";
import { defaultPrices } from "../../ledger/prices.ts";
import type { Report } from "../../simulator/report/report.ts";
import { reportInText } from "../../simulator/report/text.ts";
import { type MachineName, machineModels } from "../../simulator/study/machines.ts";
import { policyNames } from "../../simulator/study/policies.ts";
import { familyNames, type Source } from "../../simulator/study/source.ts";
import { runStudy, type Study } from "../../simulator/study/study.ts";
import { MayflyError } from "../../errors/error.ts";
import { parseCount } from "../parse.ts";
import { showProgress } from "../terminal.ts";

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

/** Others than 1 to 9, on which our policy was tuned. */
const REPORT_SEEDS = "101,102,103";

export function define(command: Command): void {
  command
    .option("--family <names>", `generated workloads, some of ${familyNames.join(",")} (default: all)`)
    .option(
      "--trace <kind:file>",
      "a recorded workload instead: azure2019:DIR, azure2021:FILE, huawei:FILE,… or recorded:FILE; may be repeated",
      collect,
    )
    .option("--policy <names>", `some of ${policyNames.join(",")} (default: all)`)
    .option("--hours <count>", "virtual hours, at most", parseCount(1, 24 * 366))
    .option("--apps <count>", "apps, at most", parseCount(1, 100_000))
    .option("--seed <numbers>", "seeds to take the median of", REPORT_SEEDS)
    .option("--wait-worth <number>", "what a second of a caller's wait is worth, in GB-seconds", parseCount(0, 1_000_000), 100)
    .option("--frontier", "show what ours trades as that knob moves, in finer steps")
    .option("--machine <name>", `how quick machines start: ${Object.keys(machineModels).join(" or ")}`, "qemu")
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
  const { waitWorth, frontier = false } = options;
  return {
    sources: sourcesOf(options),
    policies: pick("policy", options.policy, policyNames),
    seeds: seedsOf(options.seed),
    worth: { wait: waitWorth, cpu: defaultPrices.vcpuSecond / defaultPrices.gbSecond },
    machine: pick("machine", options.machine, Object.keys(machineModels) as MachineName[])[0]!,
    frontier: frontier ? FINE_STEPS : STEPS,
  };
}

/** Of the knob. The targets need them in any case: they compare at equal cold-start rates. */
const STEPS = [1, 10, 100, 1_000, 10_000];
const FINE_STEPS = [1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000];

function pick<Name extends string>(what: string, text: string | undefined, allowed: readonly Name[]): Name[] {
  if (text === undefined) return [...allowed];
  return text.split(",").map((word) => {
    const name = allowed.find((each) => each === word);
    if (name === undefined)
      throw new MayflyError("bad-request", { what: `there is no ${what} "${word}"; there are ${allowed.join(", ")}` });
    return name;
  });
}

function sourcesOf({ family, hours = 6, apps = 50 }: Options): Source[] {
  return pick("family", family, familyNames).map((name) => ({ family: name, hours, apps }));
}

function seedsOf(text: string): number[] {
  return text.split(",").map((word) => {
    const seed = Number(word);
    if (!/^\d{1,9}$/.test(word))
      throw new MayflyError("bad-request", { what: `"${word}" is no seed: a whole number of up to nine digits` });
    return seed;
  });
}

async function writePage(report: Report, file: string, step: (text: string) => void): Promise<void> {
  step(`drawing ${file}`);
  const { reportPage } = await import("../../simulator/report/page/page.ts");
  writeFileSync(file, await reportPage(report));
}

function collect(text: string, earlier: string[] = []): string[] {
  return [...earlier, text];
}
