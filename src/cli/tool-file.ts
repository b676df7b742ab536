/** What `deploy` and `init` do with the file of another tool. */
import { existsSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { MayflyError } from "../base/errors/error.ts";
import { cacheFolder } from "../base/config/load.ts";
import { type BundledApp, bundleFolders } from "../bundle/bundle-app.ts";
import { type FoundFile, findToolFile } from "../other-tools/find-tool-file.ts";
import { type ReadApp, type ReadOptions, withToolFile } from "../other-tools/read-tool-file.ts";
import { parseCount, parseVariable } from "./parse.ts";

export interface ToolFileOptions {
  from?: string;
  name?: string;
  stage?: string;
  stack?: string;
  parameter?: Map<string, string>;
  env?: Record<string, string>;
  only?: string[];
  except?: string[];
  concurrency?: number;
}

/** As at AWS Lambda, whose code may count on that. */
const CONCURRENCY = 1;

export function withToolFileOptions(command: Command): Command {
  return command
    .option("--from <file>", "the file of another tool: serverless.yml, a template of SAM or CloudFormation, or cdk.out/manifest.json")
    .option("--name <name>", "of another tool's file: the app's name, instead of the service's or stack's")
    .option("--stage <name>", "of serverless.yml: the stage")
    .option("--stack <name>", "of a CDK app with several stacks: one of them")
    .option("--parameter <name=value>", "of another tool's file: a parameter; may be repeated", parseParameter)
    .option(
      "--env <name=value>",
      "of another tool's file: a variable of the functions, before the file's own; may be repeated",
      parseVariable,
    )
    .option("--only <function...>", "of another tool's file: these functions alone")
    .option("--except <function...>", "of another tool's file: all but these functions and nested stacks")
    .option(
      "--concurrency <number>",
      `of another tool's file: how many calls a machine takes at once, at most (default: ${CONCURRENCY})`,
      parseCount(1, 1_000),
    );
}

function parseParameter(text: string, earlier = new Map<string, string>()): Map<string, string> {
  const at = text.indexOf("=");
  if (at <= 0) throw new InvalidArgumentError("It must be NAME=value.");
  return new Map([...earlier, [text.slice(0, at), text.slice(at + 1)]]);
}

/** The file of another tool that a command is to read: the one that is named, or that of a folder without mayfly.json. */
export function toolFileOf(dir: string, options: ToolFileOptions): FoundFile | undefined {
  const { from } = options;
  if (from === undefined) refuseOtherPaths(dir);
  const found = from === undefined ? (existsSync(join(dir, "mayfly.json")) ? undefined : findToolFile(dir)) : namedFile(from, dir);
  if (found === undefined) refuseToolOptions(options);
  else refuseOtherTools(found, options);
  return found;
}

/** @param from a path, or the name of a file of the app's folder */
function namedFile(from: string, dir: string): FoundFile {
  const path = [from, join(dir, from)].find((each) => existsSync(each));
  const found = path === undefined ? undefined : findToolFile(path);
  if (found === undefined) throw new MayflyError("bad-tool-file", { file: from, what: "there is no such file" });
  return found;
}

/** What stands in place of the app's folder by mistake. A file of another tool may, whatever its name. */
function refuseOtherPaths(dir: string): void {
  if (!existsSync(dir)) throw new MayflyError("not-done", { what: `there is no folder ${dir}` });
  const isFile = statSync(dir).isFile();
  if (isFile && (basename(dir) === "mayfly.json" || !/\.(ya?ml|json|template)$/i.test(dir)))
    throw new MayflyError("not-done", { what: `${dir} is a file; name the app's folder, which is ${dirname(dir)}` });
}

/** For a command that reads no file of another tool: an option that would do nothing is a mistake. */
export function refuseToolOptions(options: ToolFileOptions): void {
  const given = Object.keys(options).find((name) => foreign.has(name));
  if (given !== undefined)
    throw new MayflyError("not-done", { what: `--${given} is for files of other tools; a mayfly.json says that itself` });
}

const foreign = new Set(["name", "stage", "stack", "parameter", "env", "only", "except", "concurrency"]);

function refuseOtherTools({ tool, file }: FoundFile, { stage, stack }: ToolFileOptions): void {
  const refuse = (what: string) => {
    throw new MayflyError("not-done", {
      what: `${what}, and ${file} is ${tool === "cdk" ? "of CDK" : `a ${tool === "template" ? "template" : "serverless.yml"}`}`,
    });
  };
  if (stage !== undefined && tool !== "serverless") refuse("--stage is for a serverless.yml");
  if (stack !== undefined && tool !== "cdk") refuse("--stack is for what CDK has synthesised");
}

/** @param use gets what was read, while the code is where it says */
export function readToolFile<T>(found: FoundFile, options: ToolFileOptions, use: (app: ReadApp) => Promise<T>): Promise<T> {
  const given: ReadOptions = {
    name: options.name,
    stage: options.stage,
    stack: options.stack,
    parameters: options.parameter ?? new Map(),
    environment: new Map(Object.entries(options.env ?? {})),
    only: new Set(options.only),
    except: new Set(options.except),
    concurrency: options.concurrency ?? CONCURRENCY,
    cacheDir: cacheFolder(),
    variables: process.env,
  };
  return withToolFile(found, given, use);
}

export function bundleToolFile({ file }: FoundFile, { manifest, groups }: ReadApp, progress: (step: string) => void): Promise<BundledApp> {
  return bundleFolders(manifest, groups, file, { cacheDir: cacheFolder(), progress });
}
