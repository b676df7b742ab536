import { writeFileSync } from "node:fs";
import { type Command, InvalidArgumentError, Option } from "commander";
import { MayflyError } from "../../base/errors/error.ts";
import { configSchema } from "../../base/config/schema.ts";
import { defaultPrices } from "../../base/config/prices.ts";
import { type Laboratory, openLaboratory } from "../../simulator/laboratory.ts";
import { reportInText } from "../../simulator/report/text.ts";
import { type MachineName, machineModels } from "../../simulator/study/machines.ts";
import { comparedPolicies } from "../../simulator/study/policies.ts";
import type { Source } from "../../simulator/study/source.ts";
import { runStudy, type Study } from "../../simulator/study/study.ts";
import { findTrace } from "../../simulator/study/trace-files.ts";
import { fineSteps, usualFamilies, usualSeeds, usualSizes, usualSteps } from "../../simulator/study/usual.ts";
import { type FamilyName, families } from "../../simulator/workloads/families.ts";
import { DEMAND_SPAN_NAMES, type DemandSpan } from "../../store/history/demand-counts.ts";
import { type ConnectionOptions, connect, withConnectionOptions } from "../connection.ts";
import { parseCount } from "../parse.ts";
import { showProgress } from "../../base/terminal/terminal.ts";
import { asJson } from "../as-json.ts";

interface SimulateOptions extends ConnectionOptions {
  family?: string;
  trace?: string[];
  app?: string;
  span: string;
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

export async function define(command: Command): Promise<void> {
  const laboratory = await openLaboratory();
  const policyNames = comparedPolicies(laboratory).map(({ name }) => name);
  withConnectionOptions(command)
    .option("--family <names>", `generated workloads, some of ${familyNames.join(",")} (default: ${usualFamilies.join(",")})`)
    .option(
      "--trace <kind:path>",
      "recorded ones instead: azure2019:DIR, azure2021:FILE, huawei2023:FILE,…, huawei2025:FILE,… or recorded:FILE; may be repeated",
      collect,
    )
    .option(
      "--app <name>",
      "the demand of an app, as the server has recorded it, under the rules of the server; @tenant/app is that of a tenant",
    )
    .addOption(new Option("--span <name>", "how much of the app's demand").choices(DEMAND_SPAN_NAMES).default("day"))
    .option("--policy <names>", `some of ${policyNames.join(",")} (default: all)`)
    .option("--hours <count>", "virtual hours (default: all of a trace, 1 to 24 of a family)", parseHours)
    .option("--apps <count>", "apps (default: all of a trace, 3 to 40 of a family)", parseCount(1, 100_000))
    .option("--seed <numbers>", "one run for each seed; the tables show medians", usualSeeds.join(","))
    .option(
      "--wait-worth <number>",
      "the knob: what a second of a caller's wait is worth, in GB-seconds",
      parseCount(0, 1_000_000),
      servedWaitWorth,
    )
    .option("--frontier", "show how cost and waits of Mayfly's policy trade off as waitWorth changes, in finer steps")
    .option("--machine <name>", `how quick machines are: ${machineNames.join(" or ")}`, "qemu")
    .option("--html <file>", "write a page with plots, too")
    .addHelpText(
      "after",
      "\ndocs/simulator.md says what is modelled and how to read the tables.\n\nExamples:\n  mayfly simulate\n  mayfly simulate --family bursts --frontier --html report.html\n  mayfly simulate --app shop --span week",
    )
    .action((options: SimulateOptions) => simulate(options, laboratory));
}

async function simulate(options: SimulateOptions, laboratory: Laboratory | undefined): Promise<void> {
  const study = await studyOf(options, laboratory);
  const html = options.html === undefined ? undefined : { file: options.html, laboratory: needed(laboratory, "draws the page") };
  const progress = showProgress();
  // The simulation takes a minute. A page that cannot be drawn is refused before it begins.
  await html?.laboratory.install(progress.step);
  const report = await runStudy(study, progress.step, laboratory);
  if (html !== undefined) {
    progress.step(`drawing ${html.file}`);
    writeFileSync(html.file, await html.laboratory.page(report));
  }
  progress.done();
  const verdict = laboratory?.verdictInText(report) ?? [];
  console.log(options.json ? asJson("simulate", report) : reportInText(report, { frontier: options.frontier ?? false, verdict }));
  if (laboratory === undefined) console.error(`\nmayfly: ${withoutLaboratory}`);
}

async function studyOf(options: SimulateOptions, laboratory: Laboratory | undefined): Promise<Study> {
  return {
    sources: options.app === undefined ? sourcesOf(options) : [await demandSource(options.app, options)],
    policies: policiesOf(options.policy, laboratory),
    seeds: [...new Set(options.seed.split(",").map(seedOf))],
    worth: { wait: options.waitWorth, cpu: defaultPrices.vcpuSecond / defaultPrices.gbSecond },
    machine: pick("machine", options.machine, machineNames)[0]!,
    frontier: options.frontier ? fineSteps : usualSteps,
  };
}

async function demandSource(app: string, options: SimulateOptions): Promise<Source> {
  if (options.trace !== undefined || options.family !== undefined)
    throw new MayflyError("bad-request", { what: "--app cannot be used together with --family or --trace" });
  const [, tenant, name = app] = /^@([^/]+)\/(.*)$/s.exec(app) ?? [];
  const { client } = await connect(tenant === undefined ? options : { ...options, tenant });
  const demand = await client.demand(name, options.span as DemandSpan);
  if (demand.arrivals.length === 0)
    throw new MayflyError("bad-request", { what: `nothing was recorded of the demand of ${app}: nobody called it in this time` });
  return { demand, of: app };
}

function sourcesOf({ family, trace, hours, apps }: SimulateOptions): Source[] {
  if (trace !== undefined && family !== undefined)
    throw new MayflyError("bad-request", { what: "--family and --trace cannot be used together" });
  if (trace !== undefined) return trace.map((text) => ({ trace: findTrace(text), hours: hours ?? Infinity, apps: apps ?? Infinity }));
  const names = family === undefined ? usualFamilies : pick("family", family, familyNames);
  return names.map((name) => ({ family: name, hours: hours ?? usualSizes[name].hours, apps: apps ?? usualSizes[name].apps }));
}

/** A name that is not known may be that of a policy of the laboratory, if the laboratory is missing. */
function policiesOf(text: string | undefined, laboratory: Laboratory | undefined): string[] {
  const names = comparedPolicies(laboratory).map(({ name }) => name);
  const other = laboratory === undefined ? text?.split(",").find((name) => !names.includes(name)) : undefined;
  if (other !== undefined) needed(laboratory, `has the policies that Mayfly's own is compared with ("${other}" may be one of them)`);
  return pick("policy", text, names);
}

/** @param use what the laboratory is needed for, as a verb and its object */
function needed(laboratory: Laboratory | undefined, use: string): Laboratory {
  if (laboratory !== undefined) return laboratory;
  const part = `the laboratory, which ${use}`;
  throw new MayflyError("missing-part", { part, reason: "there is no folder lab/ beside src/", cure: laboratoryCure });
}

const laboratoryCure = "It is part of Mayfly's repository: `git checkout HEAD -- lab` in a clone of it brings the folder back.";
const withoutLaboratory = `there is no folder lab/ beside src/, so only Mayfly's own policy was simulated, and it was compared with nothing. ${laboratoryCure}`;

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
  throw new MayflyError("bad-request", { what: `"${text}" is not a seed: a seed is a whole number of up to nine digits` });
}

function parseHours(text: string): number {
  const hours = Number(text);
  if (hours >= 0.01 && hours <= 24 * 366) return hours;
  throw new InvalidArgumentError("It must be a number of 0.01 to 8784.");
}

function collect(text: string, earlier: string[] = []): string[] {
  return [...earlier, text];
}
