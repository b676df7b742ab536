import { type Command, InvalidArgumentError } from "commander";
import type { Client } from "../../doors/admin/client.ts";
import { type BundledApp, bundleApp } from "../../bundle/bundle-app.ts";
import { readManifest } from "../../bundle/read-manifest.ts";
import { cacheFolder } from "../../base/config/load.ts";
import { MayflyError } from "../../base/errors/error.ts";
import { percent } from "../../base/words/percent.ts";
import { errorsInWords, parseDuration, parseErrors, parseTime, timeInWords, usualPlan } from "../../traffic/limits.ts";
import { parseCount } from "../parse.ts";
import { counted } from "../../base/words/counted.ts";
import type { FoundFile } from "../../other-tools/find-tool-file.ts";
import type { PassedOver } from "../../other-tools/translation.ts";
import { FILES_FORMAT } from "../../store/catalog/catalog.ts";
import type { Manifest } from "../../store/catalog/manifest.ts";
import { commandName } from "../command-name.ts";
import { type ConnectionOptions, connect, withConnectionOptions } from "../connection.ts";
import { showProgress, yellow } from "../../base/terminal/terminal.ts";
import { passedOverInWords, type Plan, planInWords, planJson } from "../plan-text.ts";
import { bundleToolFile, readToolFile, type ToolFileOptions, toolFileOf, withToolFileOptions } from "../tool-file.ts";
import { targetsInWords } from "../targets.ts";
import { bytesInWords, durationInWords } from "../units.ts";
import { namedSecrets } from "../../store/catalog/injections.ts";
import { asksForSnapshot } from "../../store/catalog/snapshot-of.ts";
import { UnreadFiles } from "../../store/catalog/unread-files.ts";
import { ALL_ROUTES } from "../../store/catalog/route-schema.ts";
import { asJson } from "../as-json.ts";

export function define(command: Command): void {
  withToolFileOptions(withConnectionOptions(command))
    .argument("[dir]", "folder with mayfly.json, or with a file of another tool: serverless.yml, template.yaml, cdk.out", ".")
    .option("--dry-run", "deploy nothing: show what would be deployed")
    .option("--alias <name>", "point this alias at the revision, and leave live as it is")
    .option(
      "--canary <percent>",
      "let the revision have this percentage of the calls, then promote it or roll it back, as the options below say",
      parsePercentage,
    )
    .option(
      "--for <time>",
      `with --canary: promote it after this time, such as 90s, 10m or 2h (${durationInWords(usualPlan.forMs)})`,
      parseTimeOption,
    )
    .option(
      "--min-calls <number>",
      `with --canary: promote it no sooner than after this many calls of it (${usualPlan.minCalls})`,
      parseCount(1, 1e9),
    )
    .option(
      "--max-errors <percent>",
      `with --canary: roll it back if more of its calls fail, and more than of the old revision; +1% counts from the old revision's share (${errorsInWords(usualPlan.maxErrors)})`,
      parseErrorsOption,
    )
    .option(
      "--max-p99 <time>",
      `with --canary: roll it back if its 99th percentile is longer, such as 800ms, or longer than the old revision's by +20% (${timeInWords(usualPlan.maxP99)})`,
      parseP99Option,
    )
    .addHelpText(
      "after",
      "\nExamples:\n  mayfly deploy examples/hello\n  mayfly deploy examples/hello --canary 10 --for 30m --max-errors 0.5%\n  mayfly deploy examples/serverless --stage prod --dry-run",
    )
    .action(deploy);
}

interface DeployOptions extends ConnectionOptions, ToolFileOptions {
  json?: true;
  dryRun?: true;
  alias?: string;
  canary?: number;
  for?: number;
  minCalls?: number;
  maxErrors?: string;
  maxP99?: string;
}

async function deploy(dir: string, { alias, ...given }: DeployOptions): Promise<void> {
  // Calls go to the alias `live`: to point that at the revision is what a deploy does by itself.
  const options: DeployOptions = alias === undefined || (alias === "live" && given.canary === undefined) ? given : { ...given, alias };
  const query = queryOf(options);
  const toolFile = toolFileOf(dir, options);
  if (options.dryRun) return showPlan(dir, toolFile, options);
  const { client, gateway } = await connect(options);
  // A server that does not answer, or refuses the token, is told before packages are installed and sources compiled, which may take minutes.
  const { url: at } = await gateway();
  const { manifest, bundles, warnings, files, passedOver } = await bundle(dir, toolFile, options);
  for (const warning of warnings) console.error(`${yellow("warning:", process.stderr)} ${warning}`);
  const revision = await client.deploy(manifest, bundles, query);
  for (const name of await unsetSecrets(client, manifest))
    console.error(`${yellow("warning:", process.stderr)} the secret ${name} is not set: ${commandName} secret set ${revision.app} ${name}`);
  // Where the alias has no URL of its own, none shows the revision.
  const named = options.alias === undefined || manifest.previews === false ? revision.app : `${revision.app}@${options.alias}`;
  const functions = bundles
    .filter(({ format }) => format !== FILES_FORMAT)
    .map(({ function: name, code }) => ({
      name,
      url: `${at}/${named}/${name}`,
      bytes: code instanceof UnreadFiles ? code.size : code.byteLength,
    }));
  const { app, id, number, digest, changed, canary } = revision;
  const site = manifest.static === undefined ? null : `${at}/${named}/`;
  // They lead to what live names.
  const hosts = options.alias === undefined ? hostsOf(manifest, at) : [];
  if (options.json) {
    const of = toolFile === undefined ? {} : { passedOver };
    return console.log(
      asJson("deploy", { app, version: id, revision: number, digest, changed, canary, functions, site, hosts, files, ...of }),
    );
  }
  console.log(outcomeInWords(revision, options.alias));
  if (options.canary !== undefined && canary === null && changed)
    console.error(
      `${yellow("note:", process.stderr)} ${app} had no other revision that gets calls, so that this one gets all of them and is no canary`,
    );
  if (site !== null) console.log(`  ${site}  (the files of ${manifest.static})`);
  // Code without a byte of its own is among the files.
  for (const { url, bytes } of functions) console.log(bytes > 0 ? `  ${url}  (${bytesInWords(bytes)} of code)` : `  ${url}`);
  for (const [key, to] of Object.entries(manifest.routes ?? {})) console.log(`  ${key} leads to ${to}, below ${at}/${named}`);
  for (const { url, to } of hosts) console.log(`  ${url} leads to ${to === ALL_ROUTES ? "the routes" : to}`);
  if (files.count > 0) console.log(filesInWords(files));
  if (asksForSnapshot(manifest) && changed)
    console.log(`  a snapshot is made when the host has nothing to do: \`${commandName} logs ${app}\` says when it is there`);
  for (const line of passedOverInWords(passedOver)) console.log(line);
}

/** @param at where the gateway answers. A proxy before it may have another port, which nobody here knows. */
export function hostsOf({ hosts }: Pick<Manifest, "hosts">, at: string): { url: string; to: string }[] {
  const { protocol, port } = new URL(at);
  return Object.entries(hosts).map(([host, to]) => {
    const url = URL.parse(`${protocol}//${host}/`);
    if (url === null) return { url: host, to };
    // A port in the manifest means nothing.
    url.port = port;
    return { url: url.href, to };
  });
}

interface Bundled extends BundledApp {
  passedOver: PassedOver[];
}

async function bundle(dir: string, toolFile: FoundFile | undefined, options: ToolFileOptions): Promise<Bundled> {
  const progress = showProgress(process.stderr);
  const bundled =
    toolFile === undefined
      ? bundleApp(dir, { cacheDir: cacheFolder(), progress: progress.step }).then((app) => ({ ...app, passedOver: [] }))
      : readToolFile(toolFile, options, async (read) => ({
          ...(await bundleToolFile(toolFile, read, progress.step)),
          passedOver: read.passedOver,
        }));
  return bundled.finally(progress.done);
}

async function showPlan(dir: string, toolFile: FoundFile | undefined, options: DeployOptions): Promise<void> {
  const show = async (plan: Plan) => console.log(options.json ? asJson("deploy", planJson(plan)) : planInWords(plan));
  if (toolFile === undefined) return show({ manifest: readManifest(dir), read: undefined });
  return readToolFile(toolFile, options, (read) => show({ manifest: read.manifest, read }));
}

/** At most this many names of files are shown. */
const SHOWN = 8;

function filesInWords({ count, bytes, named }: BundledApp["files"]): string {
  const all = `  ${counted(count, "file")} ${count === 1 ? "travels" : "travel"} with the code (${bytesInWords(bytes)})`;
  if (named.length === 0) return all;
  const more = named.length > SHOWN ? [`${named.length - SHOWN} more`] : [];
  return `${all}; the code names ${[...named.slice(0, SHOWN), ...more].join(", ")}`;
}

/** Throws "not-done" for an option that would do nothing. */
export function queryOf({ alias, canary, for: forMs, minCalls, maxErrors, maxP99 }: DeployOptions): Parameters<Client["deploy"]>[2] {
  const refuse = (what: string): never => {
    throw new MayflyError("not-done", { what });
  };
  if (alias !== undefined && canary !== undefined) refuse("--alias and --canary exclude each other");
  const plan = Object.entries({ "--for": forMs, "--min-calls": minCalls, "--max-errors": maxErrors, "--max-p99": maxP99 });
  const idle = canary === undefined ? plan.find(([, value]) => value !== undefined) : undefined;
  if (idle !== undefined) refuse(`${idle[0]} is an option of a canary; add --canary 10, for example`);
  return { alias, canary, forMs, minCalls, maxErrors, maxP99 };
}

function parsePercentage(text: string): number {
  const percentage = Number(/^(\d{1,2}(?:\.\d{1,4})?) ?%?$/.exec(text)?.[1]);
  if (percentage > 0) return percentage;
  throw new InvalidArgumentError("It must be a percentage above 0 and below 100, such as 10.");
}

function parseTimeOption(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined && ms >= 1_000) return ms;
  throw new InvalidArgumentError("It must be a time of a second to a week, such as 90s, 10m or 2h.");
}

function parseErrorsOption(text: string): string {
  if (parseErrors(text) !== undefined) return text;
  throw new InvalidArgumentError("It must be a percentage such as 1%, or one more than of the old revision, such as +1%.");
}

function parseP99Option(text: string): string {
  if (parseTime(text) !== undefined) return text;
  throw new InvalidArgumentError("It must be a time such as 800ms or 2s, or a percentage more than of the old revision, such as +20%.");
}

type Deployed = Awaited<ReturnType<Client["deploy"]>>;

/** @param alias the one that the command has pointed at the revision, if it is not live */
export function outcomeInWords(deployed: Pick<Deployed, "app" | "number" | "changed" | "before" | "canary">, alias?: string): string {
  const { app, number, changed, before, canary } = deployed;
  if (!changed) return `Nothing changed: this is revision ${number} of ${app}, which is ${alias ?? "live"} already.`;
  if (canary !== null) {
    const { share, old, until, startedAt, maxErrors, maxP99, minCalls } = canary;
    const limits = `at most ${maxErrors} of its calls may fail, and its 99th percentile may be ${maxP99.replace("+", "at most ")}${maxP99.startsWith("+") ? " longer" : ""}`;
    return `Deployed ${app}, revision ${number}, as a canary: it gets ${percent(share)} of the calls for ${durationInWords(until - startedAt)} and at least ${minCalls} of them, revision ${old} the others; ${limits}:`;
  }
  if (alias !== undefined && before.length > 0) return `Deployed ${app}, revision ${number}, which ${alias} names from now on:`;
  const ended = before.length > 1 ? ` This ended the split of its calls, which was ${targetsInWords(before)}.` : "";
  return ended === "" ? `Deployed ${app}, revision ${number}:` : `Deployed ${app}, revision ${number}.${ended}`;
}

/** Secrets that the manifest names but that are not set. */
async function unsetSecrets(client: Client, manifest: Manifest): Promise<string[]> {
  const secrets = namedSecrets(manifest);
  if (secrets.length === 0) return [];
  const set = new Set(await client.secretNames(manifest.name));
  return secrets.filter((secret) => !set.has(secret));
}
