/** What `deploy` and `init` do with the file of another tool. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
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
  if (from !== undefined) {
    const found = existsSync(resolve(from)) ? findToolFile(resolve(from)) : undefined;
    if (found === undefined) throw new MayflyError("bad-tool-file", { file: from, what: "there is no such file" });
    return found;
  }
  const found = existsSync(join(dir, "mayfly.json")) ? undefined : findToolFile(dir);
  if (found === undefined) refuseToolOptions(options);
  return found;
}

/** For a command that reads no file of another tool: an option that would do nothing is a mistake. */
export function refuseToolOptions(options: ToolFileOptions): void {
  const given = Object.keys(options).find((name) => foreign.has(name));
  if (given !== undefined)
    throw new MayflyError("not-done", { what: `--${given} is for files of other tools; a mayfly.json says that itself` });
}

const foreign = new Set(["name", "stage", "stack", "parameter", "env", "only", "except", "concurrency"]);

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
