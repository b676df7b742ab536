/**
 * Reads the settings once, at start. Flags take precedence over environment variables, these over the file, the file over defaults. The
 * error for a bad setting names the key, the value and what is allowed.
 */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { MayflyError } from "../errors/error.ts";
import { firstIssue } from "../errors/schema-issue.ts";
import { parseAddress } from "../listen/address.ts";
import { uselessEntry } from "../network/host-entries.ts";
import { refuseEmptyVariables } from "./empty-variables.ts";
import { settingsFromEnvironment } from "./environment.ts";
import { defaultCacheDir, defaultRunDir, defaultStateDir } from "./folders.ts";
import { refuseSharedPlaces } from "./places.ts";
import { type Config, configSchema } from "./schema.ts";

export interface ConfigSources {
  /** From the command line; undefined values count as unset. */
  flags?: Record<string, unknown>;
  env?: Record<string, string | undefined>;
  /** A JSON file with the same keys as the schema. */
  file?: string | undefined;
}

/** Throws "bad-config". The returned paths are absolute. */
export function loadConfig({ flags = {}, env = process.env, file = env.MAYFLY_CONFIG }: ConfigSources): Config {
  refuseEmptyVariables(env);
  const given = { ...readConfigFile(file), ...settingsFromEnvironment(env), ...withoutUndefined(flags) };
  const folders = { stateDir: defaultStateDir(env), cacheDir: defaultCacheDir(env), ...given };
  const stateDir: unknown = folders.stateDir;
  const withFolders = { runDir: typeof stateDir === "string" ? defaultRunDir(env, stateDir) : "unknown", ...folders };
  const parsed = configSchema.safeParse(withFolders);
  if (!parsed.success) throw new MayflyError("bad-config", firstIssue(parsed.error, withFolders, configSchema));
  const config = withAbsolutePaths(parsed.data);
  refuseSharedPlaces(config, file);
  refuseUselessHosts(config);
  return config;
}

/**
 * The cache folder alone, absolute, for commands that talk to a server: to these MAYFLY_API is its URL, and other settings need not fit this host.
 * Throws "bad-config" if the file of settings cannot be read.
 */
export function cacheFolder({ env = process.env, file = env.MAYFLY_CONFIG }: Omit<ConfigSources, "flags"> = {}): string {
  const { cacheDir } = { ...readConfigFile(file), ...settingsFromEnvironment({ MAYFLY_CACHE_DIR: env.MAYFLY_CACHE_DIR }) } as Record<
    string,
    unknown
  >;
  return resolve(typeof cacheDir === "string" && cacheDir !== "" ? cacheDir : defaultCacheDir(env));
}

/** An entry that can never take effect is refused, because its author expects an effect. */
function refuseUselessHosts({ hosts, domain, listen }: Config): void {
  const listenHost = parseAddress(listen).host;
  for (const [at, entry] of hosts.entries()) {
    const why = uselessEntry(entry, { domain, listenHost });
    if (why !== undefined)
      throw new MayflyError("bad-config", { key: `hosts.${at}`, what: `is "${entry}", which can have no effect: ${why}` });
  }
}

function readConfigFile(file: string | undefined): Record<string, unknown> {
  if (!file) return {};
  try {
    const parsed: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) return parsed as Record<string, unknown>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT")
      throw new MayflyError("bad-config", { key: "--config", what: `names ${file}, and there is no such file` }, error);
    throw new MayflyError(
      "bad-config",
      { key: "--config", what: `names ${file}, which cannot be read as JSON: ${(error as Error).message}` },
      error,
    );
  }
  throw new MayflyError("bad-config", { key: "--config", what: `names ${file}, which must hold a JSON object` });
}

function withoutUndefined(flags: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));
}

function withAbsolutePaths(config: Config): Config {
  const { tls, record, accessLog } = config;
  return {
    ...config,
    stateDir: resolve(config.stateDir),
    cacheDir: resolve(config.cacheDir),
    runDir: resolve(config.runDir),
    ...(tls && { tls: withAbsoluteFiles(tls) }),
    ...(record && { record: resolve(record) }),
    accessLog: { ...accessLog, ...(accessLog.file && { file: resolve(accessLog.file) }) },
  };
}

function withAbsoluteFiles({ cert, key, hosts, acme }: NonNullable<Config["tls"]>): Config["tls"] {
  return {
    cert: resolve(cert),
    key: resolve(key),
    ...(hosts && { hosts: resolve(hosts) }),
    ...(acme && { acme: { ...acme, ...(acme.ca && { ca: resolve(acme.ca) }) } }),
  };
}
