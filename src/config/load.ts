/** Settings are read once, at start: flags over environment over file over defaults. A bad one names key, value and what is allowed. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { z } from "zod";
import { MayflyError } from "../errors/error.ts";
import { settingsFromEnvironment } from "./environment.ts";
import { defaultCacheDir, defaultStateDir } from "./folders.ts";
import { type Config, configSchema } from "./schema.ts";

export interface ConfigSources {
  /** From the command line; undefined values are unset. */
  flags?: Record<string, unknown>;
  env?: Record<string, string | undefined>;
  /** A JSON file with the same keys as the schema. */
  file?: string | undefined;
}

/** Throws "bad-config". Paths come back absolute. */
export function loadConfig({ flags = {}, env = process.env, file = env.MAYFLY_CONFIG }: ConfigSources): Config {
  const given = { ...readConfigFile(file), ...settingsFromEnvironment(env), ...withoutUndefined(flags) };
  const withFolders = { stateDir: defaultStateDir(env), cacheDir: defaultCacheDir(env), ...given };
  const parsed = configSchema.safeParse(withFolders);
  if (!parsed.success) throw firstIssue(parsed.error, withFolders);
  return withAbsolutePaths(parsed.data);
}

function readConfigFile(file: string | undefined): Record<string, unknown> {
  if (!file) return {};
  try {
    const parsed: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) return parsed as Record<string, unknown>;
  } catch (error) {
    throw new MayflyError("bad-config", { key: "--config", what: `${file} cannot be read as JSON: ${(error as Error).message}` }, error);
  }
  throw new MayflyError("bad-config", { key: "--config", what: `${file} must hold a JSON object` });
}

function withoutUndefined(flags: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));
}

function firstIssue(error: z.ZodError, given: Record<string, unknown>): MayflyError {
  const issue = error.issues[0]!;
  if (issue.code === "unrecognized_keys") return unknownKey([...issue.path, issue.keys[0]!].join("."));
  const value = issue.path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], given);
  const what = value === undefined ? "it is missing" : `${JSON.stringify(value)} ${allowed(issue)}`;
  return new MayflyError("bad-config", { key: issue.path.join("."), what });
}

function unknownKey(key: string): MayflyError {
  const what = `there is no such setting; there are ${Object.keys(configSchema.shape).join(", ")}`;
  return new MayflyError("bad-config", { key, what });
}

function allowed(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_value") return `must be one of ${issue.values.join(", ")}`;
  if (issue.code === "too_small") return `must be ${issue.origin === "string" ? "text that is not empty" : `at least ${issue.minimum}`}`;
  if (issue.code === "too_big") return `must be at most ${issue.maximum}`;
  if (issue.code === "invalid_type") return `must be ${withArticle(issue.expected)}`;
  return issue.message;
}

function withArticle(type: string): string {
  if (type === "int") return "a whole number";
  if (type === "boolean") return "true or false";
  return type === "object" ? "an object" : `a ${type}`;
}

function withAbsolutePaths(config: Config): Config {
  const { tls, record } = config;
  return {
    ...config,
    stateDir: resolve(config.stateDir),
    cacheDir: resolve(config.cacheDir),
    ...(tls && { tls: { cert: resolve(tls.cert), key: resolve(tls.key) } }),
    ...(record && { record: resolve(record) }),
  };
}
