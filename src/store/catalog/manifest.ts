/** The schema of mayfly.json, which is parsed once, at the edge. docs/manifest.md describes it for users. */
import { z } from "zod";
import { kindKeys, serverRuntimeOf } from "../../base/kind/machine-kind.ts";
import { accessKeys } from "./access-schema.ts";
import { alsoVariable, bindingsSchema } from "./binding-schema.ts";
import { asyncSchema, wrongDestination } from "./async-schema.ts";
import { durableSchema } from "./durable-schema.ts";
import { hostAndPort, injectSchema } from "./injection-schema.ts";
import { MOST_MOUNTS, mountSchema, overlapping, unboundBucket } from "./nfs-mounts.ts";
import { appIsolationKeys, isolationKeys, keepsAllApart } from "./isolation.ts";
import { nameSchema } from "./name-schema.ts";
import { recordOf } from "./record-of.ts";
import { ALL_ROUTES, routesSchema, wrongRoutes } from "./route-schema.ts";
import { sharesSchema } from "./share-schema.ts";
import { asksForSnapshot, isFirstFrozen, unlikeOthers } from "./snapshot-of.ts";
import { publishesSchema, triggersSchema, wrongTrigger } from "./trigger-schema.ts";

export { nameSchema };

/** `_mayfly` is refused because the path /_mayfly/ belongs to the platform. */
const appNameSchema = nameSchema.refine((name) => name !== "_mayfly", "must be another: /_mayfly/ is the platform's own path");
export const envNameSchema = z
  .string()
  .regex(/^(?!__proto__$)[A-Za-z_][A-Za-z0-9_]*$/, "must be a name of letters, digits and _, other than __proto__");

/** The most functions, hosts and names of secrets that a manifest may list, each. */
const MOST_LISTED = 1_000;
/** In characters: longer than any file's path in a project, and than any name of an export. */
const MOST_OF_PATH = 1_024;
/** In characters: the longest name in DNS has 253, and a port may follow it. */
const MOST_OF_HOST = 260;

const packageSchema = z
  .string()
  .max(214)
  .regex(/^(@[a-z0-9~-][\w.~-]*\/)?[A-Za-z0-9~_-][\w.~-]*$/, "must be the name of an npm package, without a version or a file");

export const functionSchema = z.strictObject({
  /** The file that exports the function, or with the runtime provided is its program, relative to mayfly.json. Absent with the runtime server alone. */
  entry: z.string().min(1).max(MOST_OF_PATH).optional(),
  /** Of the runtime server alone: the program that listens on $PORT, and its parameters. */
  command: z.array(z.string().max(MOST_OF_PATH)).min(1).max(MOST_LISTED).optional(),
  /** Overrides the app's runtime. */
  runtime: kindKeys.runtime,
  /** The named export, for functions in the style of AWS Lambda. */
  handler: z.string().min(1).max(MOST_OF_PATH).default("handler"),
  /** The version of the event for functions in the style of AWS Lambda: 1.0 is that of API Gateway's REST APIs. Absent: 2.0, that of its HTTP APIs. */
  payload: z.enum(["1.0", "2.0"]).optional(),
  /** Overrides the app's timeoutMs. */
  timeoutMs: z.int().min(1).max(900_000).optional(),
  /** Overrides the app's snapshot. Functions of one runtime share machines, and have to agree. */
  snapshot: z.boolean().optional(),
  /** What becomes of calls that are run later. */
  async: asyncSchema.optional(),
  /** What starts the function besides calls. */
  triggers: triggersSchema.optional(),
  /** The function's progress is stored: it runs as durable executions. */
  durable: durableSchema.optional(),
  /** Each replaces the app's. */
  ...accessKeys,
  ...isolationKeys,
});

const manifestShape = z.strictObject({
  /** An address, for editors. */
  $schema: z.string().max(2_048).optional(),
  name: appNameSchema,
  functions: recordOf(nameSchema, functionSchema).default({}),
  /** Globs, relative to mayfly.json, of files that are in the machine, besides those that the code names by literals. */
  files: z.array(z.string().min(1).max(MOST_OF_PATH)).max(MOST_LISTED).optional(),
  /** Names of npm packages that are not bundled but shipped as they are. */
  external: z.array(packageSchema).max(MOST_LISTED).optional(),
  ...kindKeys,
  /** The most invocations that one machine may run at the same time. It is a ceiling: how many a machine gets is learned. */
  concurrency: z.int().min(1).max(1_000).default(1_000),
  /** How many machines are kept bound to the app, at least. */
  minMachines: z.int().min(0).max(1_000).default(0),
  maxMachines: z.int().min(1).max(1_000).default(20),
  /** How many blanks of the app's kind are kept that no other app may take. */
  reservedBlanks: z.int().min(0).max(1_000).default(0),
  /** Whether a machine is frozen once its functions are initialised, and the others start from that. */
  snapshot: z.boolean().optional(),
  /** What a second of a caller's wait is worth, in GB-seconds of memory. The default is the host's setting. */
  waitWorth: z.number().min(0).max(1_000_000).optional(),
  /** The most invocations that may wait for a slot. */
  queue: z.int().min(0).max(100_000).default(1_000),
  timeoutMs: z.int().min(1).max(900_000).default(30_000),
  /** How long WebSockets may be silent, and how long they may last, in milliseconds. The host's settings are the most. */
  webSockets: z
    .strictObject({ idleMs: z.int().min(1).max(86_400_000).optional(), maxMs: z.int().min(1).max(2_592_000_000).optional() })
    .optional(),
  /** A folder whose files the gateway serves itself, with a slash at its end. */
  static: z
    .string()
    .max(MOST_OF_PATH)
    .regex(
      /^(?:(?!\.\.?\/)[^/\\\0*?[\]{}!()]+\/)+$/,
      'must be a folder inside of the app\'s folder, with a slash at its end, such as "public/"',
    )
    .optional(),
  /** A file of the folder of `static` that answers pages' addresses at which nothing else is: the page of an app whose addresses its own script reads. */
  fallback: z
    .string()
    .max(MOST_OF_PATH)
    .regex(/^(?:[^./\\\0][^/\\\0]*\/)*[^./\\\0][^/\\\0]*$/, 'must be a file of the folder that static names, such as "index.html"')
    .optional(),
  /** Whether the gateway compresses replies for clients that accept it. Default: true. */
  compress: z.boolean().optional(),
  bodyLimitBytes: z.int().min(0).max(1_073_741_824).default(10_485_760),
  /** "none", or "egress": outbound TCP to public addresses. `allow` adds "host-or-cidr:port" (port may be *) that would be refused otherwise. */
  network: z
    .union([
      z.literal("none"),
      z.literal("egress"),
      z.strictObject({ egress: z.literal(true), allow: z.array(z.string().min(1).max(MOST_OF_HOST)).max(100) }),
    ])
    .default("none"),
  /** NFS exports that are mounted before the first invocation. */
  mounts: z.array(mountSchema).max(MOST_MOUNTS).optional(),
  env: recordOf(envNameSchema, z.string()).default({}),
  /** Names of secrets to pass as environment variables; set with `mayfly secret set`. */
  secrets: z.array(envNameSchema).max(MOST_LISTED).default([]),
  /** Services that the functions reach, by the names that the code knows them by. */
  bindings: bindingsSchema(envNameSchema).optional(),
  publishes: publishesSchema,
  /** What other apps of the tenant reach of the app's own. */
  shares: sharesSchema,
  /** Secrets that the host adds to HTTPS requests of the app's machines. The code does not get them unless `secrets` names them, too. */
  inject: injectSchema(envNameSchema),
  /** Whether revisions and other aliases than live have URLs. The default is that they have. */
  previews: z.boolean().optional(),
  /** Which requests go to which function: `GET /users/{id}` to the name of a function. */
  routes: routesSchema,
  /**
   * Host headers that are routed to this app, each to one of its functions, by `$routes` to those that `routes` names, or to the folder of `static`. The
   * operator decides which hosts an app may have.
   */
  hosts: recordOf(z.string().min(1).max(MOST_OF_HOST), z.string().min(1).max(MOST_OF_PATH)).default({}),
  /** Who may call the functions, how often, and from where; a function may have its own. */
  ...accessKeys,
  /** Whether calls are kept apart by the tenant id that callers name; a function may have its own. */
  ...appIsolationKeys,
});

export const manifestSchema = manifestShape.superRefine((manifest, context) => {
  const { functions, hosts, routes, runtime, reservedBlanks, network, env, secrets, inject = [], mounts = [], bindings = {} } = manifest;
  const refuse = (path: (string | number)[], message: string) => context.addIssue({ code: "custom", path, message });
  const names = Object.keys(functions);
  if (names.length === 0 && manifest.static === undefined)
    refuse(["functions"], "must have at least one function, unless static names a folder of files");
  if (manifest.fallback !== undefined && manifest.static === undefined)
    refuse(["fallback"], "cannot be without static, which names the folder of the file");
  if (names.length > MOST_LISTED) refuse(["functions"], `must have at most ${MOST_LISTED} entries`);
  if (Object.keys(hosts).length > MOST_LISTED) refuse(["hosts"], `must have at most ${MOST_LISTED} entries`);
  for (const [name, given] of Object.entries(functions)) {
    const wrong = wrongCode(given, (given.runtime ?? runtime) === "server");
    if (wrong !== undefined) refuse(["functions", name, wrong.key], wrong.what);
    const destination = wrongDestination(name, given.async, names);
    if (destination !== undefined) refuse(["functions", name, "async", destination.key], destination.what);
  }
  const trigger = wrongTrigger(functions);
  if (trigger !== undefined) refuse(["functions", trigger.function, "triggers", trigger.at, "name"], trigger.what);
  const commands = Object.entries(functions).filter(([, own]) => (own.runtime ?? runtime) === "server");
  const port = wrongPort(
    env["PORT"],
    commands.map(([name, { command = [] }]) => ({ name, machine: serverRuntimeOf(command) })),
  );
  if (port !== undefined) refuse(["env", "PORT"], port);
  if (isFirstFrozen(manifest) && reservedBlanks > 0)
    refuse(["reservedBlanks"], "must be 0 with snapshot: machines that start from a snapshot are never blanks");
  if (manifest.minMachines > 0 && keepsAllApart(manifest))
    refuse(
      ["minMachines"],
      "must be 0 if every function keeps tenants apart: a machine serves one tenant id, which is known at its first call alone; reservedBlanks keeps machines ready for all of them",
    );
  const unlike = unlikeOthers(manifest);
  if (unlike !== undefined)
    refuse(
      ["functions", unlike.name, "snapshot"],
      `must be as that of ${unlike.other}: functions of one runtime, here ${unlike.runtime}, share machines, which start from one snapshot`,
    );
  if (inject.length > 0 && network === "none") refuse(["inject"], 'cannot be without a network: set "network": "egress", or leave it out');
  const twice = injectedTwice(inject);
  if (twice !== undefined) refuse(["inject", twice, "header"], "must be another: an entry before has the same host, port and header");
  if (asksForSnapshot(manifest) && mounts.length > 0)
    refuse(
      ["snapshot"],
      "cannot be with mounts, of which one must go: what the machine's kernel knows of a server cannot be shared by clones",
    );
  const double = alsoVariable(bindings, env, secrets);
  if (double !== undefined) refuse(["bindings", double], "must be another name: a variable of env or a secret has it");
  const unbound = unboundBucket(mounts, bindings);
  if (unbound !== undefined) refuse(["mounts", unbound, "bucket"], "must be a bucket that bindings name");
  const nested = overlapping(mounts);
  if (nested !== undefined) refuse(["mounts"], `must not have one path in another, as ${nested.join(" and ")} are`);
  const same = sameButForCapitals(names);
  if (same !== undefined)
    refuse(["functions"], `must not have both ${same.join(" and ")}: these names differ only in capitals, which hosts ignore`);
  const route = wrongRoutes(routes ?? {}, functions);
  if (route !== undefined) refuse(["routes", ...route.path], route.what);
  for (const [host, name] of Object.entries(hosts))
    if (name === ALL_ROUTES ? routes === undefined : !Object.hasOwn(functions, name) && name !== manifest.static)
      refuse(["hosts", host], name === ALL_ROUTES ? "can be $routes only with the key routes" : hostMustBe(manifest.static));
});

function hostMustBe(folder: string | undefined): string {
  return `must be the name of a function${folder === undefined ? "" : ", or the folder that static names"}`;
}

/** The index of the first entry that sets a header which one before it sets. */
function injectedTwice(inject: { host: string; header: string }[]): number | undefined {
  const keys = inject.map(({ host, header }) => JSON.stringify([hostAndPort(host), header.toLowerCase()]));
  const at = keys.findIndex((key, index) => keys.indexOf(key) !== index);
  return at < 0 ? undefined : at;
}

/** Servers are sought on the port that `env` names, if it names one. @param servers with what tells whether two are in one machine */
function wrongPort(port: string | undefined, servers: { name: string; machine: string }[]): string | undefined {
  if (port === undefined || servers.length === 0) return undefined;
  if (!/^[1-9]\d{0,4}$/.test(port) || Number(port) > 65_535)
    return "must be the number of a port, 1 to 65535, where functions of the runtime server listen; without it, Mayfly chooses one";
  const both = servers.filter(({ machine }) => servers.filter((each) => each.machine === machine).length > 1);
  if (both.length === 0) return undefined;
  return `must be left out: ${both[0]!.name} and ${both[1]!.name} are in one machine, and need ports of their own, which Mayfly chooses`;
}

/** A server is run by its command, anything else is a file. */
function wrongCode({ entry, command }: z.infer<typeof functionSchema>, isServer: boolean): { key: string; what: string } | undefined {
  if (isServer) {
    if (command === undefined) return { key: "command", what: 'is required with the runtime server: for example ["./server", "--quiet"]' };
    return entry === undefined ? undefined : { key: "entry", what: "must be left out: with the runtime server, command says what runs" };
  }
  if (command !== undefined) return { key: "command", what: "is a key of the runtime server alone: write entry instead" };
  return entry === undefined ? { key: "entry", what: "is required" } : undefined;
}

/** The first two names that are equal if capitals are ignored. */
function sameButForCapitals(names: string[]): [string, string] | undefined {
  const seen = new Map<string, string>();
  for (const name of names) {
    const other = seen.get(name.toLowerCase());
    if (other !== undefined) return [other, name];
    seen.set(name.toLowerCase(), name);
  }
  return undefined;
}

export type Manifest = z.infer<typeof manifestSchema>;

/** A function whose code is a file: of every runtime but server. */
export interface EntryFunction {
  name: string;
  entry: string;
  handler: string;
}

export function entryFunctions({ functions }: Pick<Manifest, "functions">): EntryFunction[] {
  return Object.entries(functions).flatMap(([name, { entry, handler }]) => (entry === undefined ? [] : [{ name, entry, handler }]));
}
