/** Makes the manifest of an app of a file's functions. */
import { type NamedRuntime, usualRuntime } from "../../base/kind/machine-kind.ts";
import { parseManifest } from "../../store/catalog/parse-manifest.ts";
import type { Manifest } from "../../store/catalog/manifest.ts";
import type { LocatedCode } from "../code/with-code.ts";
import { BadToolFile } from "../document/bad-tool-file.ts";
import { keysOf } from "../access.ts";
import type { PassedOver, Payload, ToolAccess, ToolFunction } from "../translation.ts";
import type { ToolOptions } from "../options.ts";

interface Given {
  name: string;
  /** The tool's file, for errors. */
  file: string;
  functions: ToolFunction[];
  located: LocatedCode;
  options: Pick<ToolOptions, "environment"> & { concurrency: number };
}

/** In MB. A machine's memory holds its kernel and the runtime as well, which at AWS Lambda do not count. */
const LEAST_MEMORY = 256;
const MOST_MEMORY = 8_192;

/** @returns the object that a mayfly.json would have, and the manifest that is made of it. Throws BadToolFile, and "bad-manifest" */
export function toManifest(given: Given): { written: object; manifest: Manifest; passedOver: PassedOver[] } {
  const passedOver: PassedOver[] = [];
  const written = manifestObject(given, passedOver);
  return { written, manifest: parseManifest(JSON.stringify(written), `${given.file}, as mayfly.json,`), passedOver };
}

function manifestObject({ name, functions, located, options }: Given, passedOver: PassedOver[]): object {
  const runtime = commonRuntime(functions);
  const secrets = new Set(functions.flatMap((each) => each.secrets).filter((each) => !options.environment.has(each)));
  const env = { ...Object.fromEntries(sharedVariables(functions)), ...Object.fromEntries(options.environment) };
  const routes = routesOf(functions);
  const own = functions.map((each) => [each.name, functionObject(each, located, runtime, passedOver)] as const);
  return {
    name,
    ...(runtime !== usualRuntime && { runtime }),
    functions: Object.fromEntries(own),
    ...(Object.keys(routes).length > 0 && { routes }),
    memoryMb: memoryOf(functions, passedOver),
    concurrency: options.concurrency,
    // Functions of AWS Lambda reach the internet, unless a VPC keeps them from it.
    network: "egress",
    ...(Object.keys(env).length > 0 && { env }),
    ...(secrets.size > 0 && { secrets: [...secrets] }),
  };
}

/** The runtime that most functions have. */
function commonRuntime(functions: ToolFunction[]): NamedRuntime {
  const counts = [...Map.groupBy(functions, ({ runtime }) => runtime)];
  return counts.toSorted(([, a], [, b]) => b.length - a.length)[0]![0];
}

function functionObject(own: ToolFunction, { entries }: LocatedCode, common: NamedRuntime, passedOver: PassedOver[]): object {
  const { name, runtime, timeoutMs, durable } = own;
  const { entry, handler } = entries.get(name)!;
  const payload = payloadOf(own, passedOver);
  const access = accessObject(own.access);
  return {
    entry,
    ...(runtime !== common && { runtime }),
    ...(handler !== undefined && handler !== "handler" && { handler }),
    ...(access !== undefined && { access }),
    ...(own.cors !== undefined && { cors: own.cors }),
    ...(payload === "1.0" && { payload }),
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(durable !== undefined && { durable }),
  };
}

/** As `access` of mayfly.json has it; undefined if everybody may call. */
function accessObject(access: ToolAccess): unknown {
  if (access === "public") return undefined;
  if (typeof access === "string") return access;
  const { issuer, audience } = access;
  return { jwt: { issuer, audience, keys: keysOf(issuer) } };
}

/** That of its routes. A function whose routes have both gets the newer one, of which the older one's names are left in Node alone. */
function payloadOf({ at, routes }: ToolFunction, passedOver: PassedOver[]): Payload {
  const payloads = new Set(routes.map(({ payload }) => payload));
  if (payloads.size > 1)
    passedOver.push({
      at,
      why: "Some of its events are of payload version 1.0 and some of 2.0; a function gets one version here, which is 2.0.",
    });
  return payloads.size === 1 && payloads.has("1.0") ? "1.0" : "2.0";
}

function sharedVariables(functions: ToolFunction[]): Map<string, string> {
  const shared = new Map<string, { value: string; of: string }>();
  for (const { name: of, at, environment } of functions)
    for (const [name, value] of environment) {
      const other = shared.get(name);
      if (other !== undefined && other.value !== value)
        throw new BadToolFile(
          at,
          `it has another value for the variable ${name} than ${other.of}, and functions of an app share their variables: deploy ${of} as an app of its own, by --only ${of} and --name, and the others by --except ${of}; or name one value for all by --env ${name}=…`,
        );
      shared.set(name, { value, of });
    }
  return new Map([...shared].map(([name, { value }]) => [name, value]));
}

function routesOf(functions: ToolFunction[]): Record<string, string> {
  const routes = new Map<string, { name: string; at: string }>();
  for (const { name, routes: own } of functions)
    for (const { key, at } of own) {
      const other = routes.get(key);
      if (other !== undefined && other.name !== name)
        throw new BadToolFile(at, `${key} leads to ${name}, and at ${other.at} to ${other.name}`);
      routes.set(key, { name, at });
    }
  return Object.fromEntries([...routes].map(([key, { name }]) => [key, name]));
}

function memoryOf(functions: ToolFunction[], passedOver: PassedOver[]): number {
  const wanted = Math.max(LEAST_MEMORY, ...functions.map(({ memoryMb = 0 }) => memoryMb));
  const most = functions.find(({ memoryMb = 0 }) => memoryMb > MOST_MEMORY);
  if (most !== undefined) passedOver.push({ at: most.at, why: `Machines have at most ${MOST_MEMORY} MB.` });
  return Math.min(wanted, MOST_MEMORY);
}
