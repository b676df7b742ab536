/**
 * Reads the file of another tool in a folder: serverless.yml, a template of SAM or CloudFormation, or what CDK has synthesised. Resolves with what a deploy needs,
 * or what a mayfly.json would say, and what was passed over.
 */
import { readFileSync, realpathSync, statSync } from "node:fs";
import { basename, extname, join } from "node:path";
import { parseEnv } from "node:util";
import { MayflyError } from "../base/errors/error.ts";
import { harmless } from "../base/terminal/terminal.ts";
import { findAssembly } from "./cdk/assembly.ts";
import { translateTemplate } from "./cloudformation/translate-template.ts";
import { confined } from "./code/confined.ts";
import { type GroupedCode, withCode } from "./code/with-code.ts";
import { BadToolFile } from "./document/bad-tool-file.ts";
import { MOST_BYTES, parseDocument } from "./document/parse-document.ts";
import type { Value } from "./document/value.ts";
import type { FoundFile } from "./find-tool-file.ts";
import { toManifest } from "./manifest/to-manifest.ts";
import { appName } from "./manifest/app-name.ts";
import { stackNameOf } from "./sam-config.ts";
import type { Surroundings, ToolOptions } from "./options.ts";
import { translateServerless } from "./serverless/translate-serverless.ts";
import type { PassedOver, ToolFunction, Translation } from "./translation.ts";
import type { Manifest } from "../store/catalog/manifest.ts";

export interface ReadOptions extends ToolOptions {
  /** The app's name; without it, the service's, the stack's or the folder's. */
  name: string | undefined;
  /** Of a CDK app with several stacks. */
  stack: string | undefined;
  /** How many calls a machine takes at once. */
  concurrency: number;
  /** Where folders for code are made that is in none. */
  cacheDir: string;
  /** The variables that `${env:…}` of serverless.yml names. */
  variables: Readonly<Record<string, string | undefined>>;
}

export interface ReadApp {
  manifest: Manifest;
  /** What a mayfly.json would have, without the defaults of keys that it leaves out. */
  written: object;
  /** Where the code of each function is. */
  groups: GroupedCode[];
  functions: ToolFunction[];
  passedOver: PassedOver[];
}

/**
 * Throws "bad-tool-file" and "bad-manifest".
 * @param use gets the app; folders that were made for its code are removed when it has ended
 */
export async function withToolFile<T>(found: FoundFile, options: ReadOptions, use: (app: ReadApp) => Promise<T>): Promise<T> {
  return inFile(found.file, async () => {
    const { translation, folder, name } = translate(found, options);
    if (translation.functions.length === 0) throw new BadToolFile("", noFunctions(options));
    return withCode(translation.functions, folder, options.cacheDir, async (located) => {
      const made = toManifest({ name, file: found.file, functions: translation.functions, located, options });
      const passedOver = [...translation.passedOver, ...located.passedOver, ...made.passedOver];
      return outside(() =>
        use({ manifest: made.manifest, written: made.written, groups: located.groups, functions: translation.functions, passedOver }),
      );
    });
  });
}

function translate({ tool, file }: FoundFile, options: ReadOptions): { translation: Translation; folder: string; name: string } {
  const folder = realpathSync(join(file, ".."));
  if (tool === "cdk") {
    const { template, assets, stack } = findAssembly(file, options.stack);
    const name = options.name ?? appName(stack);
    return {
      translation: translateTemplate(read(template), { ...options, stack, assets }),
      folder: realpathSync(join(template, "..")),
      name,
    };
  }
  if (tool === "template") {
    const stack = stackNameOf(folder) ?? basename(folder);
    const name = options.name ?? appName(stack);
    return { translation: translateTemplate(read(file), { ...options, stack, assets: new Map() }), folder, name };
  }
  const translation = translateServerless(read(file), options, surroundings(folder, file, options));
  return { translation, folder, name: options.name ?? appName(translation.name ?? basename(folder)) };
}

function noFunctions({ only, except }: ToolOptions): string {
  return only.size > 0 || except.size > 0 ? "it has no function that --only and --except leave" : "it has no function";
}

function surroundings(folder: string, file: string, { variables, stage }: ReadOptions): Surroundings {
  return { variables: { ...dotenv(folder, file, stage), ...variables }, readFile: (path) => readOther(folder, path) };
}

/** Serverless reads the file .env, or that of the stage, only if `useDotenv` says so. */
function dotenv(folder: string, file: string, stage: string | undefined): Record<string, string | undefined> {
  if (!/^\s*"?useDotenv"?\s*:\s*true/m.test(readFileSync(file, "utf8"))) return {};
  const texts = [".env", `.env.${stage ?? "dev"}`].map((name) =>
    stage === undefined || /^[\w-]+$/.test(stage) ? textAt(folder, name) : undefined,
  );
  return Object.assign({}, ...texts.map((text) => (text === undefined ? {} : parseEnv(text)))) as Record<string, string>;
}

/** A file that `${file(…)}` names: YAML and JSON become values, anything else is a text. */
function readOther(folder: string, path: string): Value | undefined {
  const text = textAt(folder, path);
  if (text === undefined) return undefined;
  return /\.(ya?ml|json)$/i.test(extname(path)) ? parseDocument(text) : text;
}

function textAt(folder: string, path: string): string | undefined {
  const place = confined(folder, path, "");
  if (place === undefined) return undefined;
  if (statSync(place).size > MOST_BYTES) throw new BadToolFile("", `the file ${path} has over ${MOST_BYTES / 1_048_576} MiB`);
  return readFileSync(place, "utf8");
}

function read(file: string): Value {
  if (statSync(file).size > MOST_BYTES) throw new BadToolFile("", `it has over ${MOST_BYTES / 1_048_576} MiB`);
  return parseDocument(readFileSync(file, "utf8").replace(/^\ufeff/, ""));
}

/** Marks errors of what uses the app, which say for themselves what they are of. */
class Outside extends Error {}

async function outside<T>(run: () => Promise<T>): Promise<T> {
  return run().catch((error: unknown) => {
    throw new Outside("", { cause: error });
  });
}

async function inFile<T>(file: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof Outside) throw error.cause;
    if (error instanceof BadToolFile) throw new MayflyError("bad-tool-file", { file, what: harmless(error.message) }, error);
    if (error instanceof MayflyError) throw error;
    throw new MayflyError("bad-tool-file", { file, what: `it cannot be read: ${(error as Error).message}` }, error);
  }
}
