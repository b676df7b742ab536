/** A function of the type AWS::Lambda::Function, as CDK and plain CloudFormation have it. */
import { BadToolFile } from "../document/bad-tool-file.ts";
import { Place } from "../document/place.ts";
import { isMap, isScalar } from "../document/value.ts";
import { MOST_RETENTION_DAYS, MOST_TIMEOUT_S, usualDurable } from "../../store/catalog/durable-schema.ts";
import type { Cors } from "../cors.ts";
import { variablesOf } from "../environment.ts";
import { runtimeFor } from "../runtimes.ts";
import { accessOf } from "../access.ts";
import type { PassedOver, ToolAccess, ToolCode, ToolFunction, ToolRoute } from "../translation.ts";
import { evaluate, type Scope } from "./intrinsics.ts";
import { passedOverProperties } from "./passed-over-resources.ts";
import type { TemplateOptions } from "./template-options.ts";

export interface Lambda {
  /** The logical id. */
  id: string;
  name: string;
  place: Place;
  scope: Scope;
  options: TemplateOptions;
  globals: Place;
  /** All of the template's that are made, by logical id. */
  resources: ReadonlyMap<string, Place>;
  /** What resources of API Gateway and function URLs lead to it. */
  routes: FoundRoute[];
}

/** A way to the function from outside. */
export interface FoundRoute {
  /** Undefined for one without a path of its own. */
  route: ToolRoute | undefined;
  access: ToolAccess;
  /** Of the API or the URL. */
  cors: Cors;
}

export interface Read {
  found: ToolFunction;
  passedOver: PassedOver[];
}

const MOST_MEMORY = 10_240;
const MOST_SECONDS = 900;

export function lambdaFunction(lambda: Lambda): Read {
  const properties = evaluated(lambda.place.key("Properties"), lambda.scope);
  if (properties.key("PackageType").value === "Image") throw imageRefused(properties.key("PackageType").at, lambda.name);
  return readFunction(lambda, properties, codeOf(lambda, properties), []);
}

export function imageRefused(at: string, name: string): BadToolFile {
  return new BadToolFile(
    at,
    `the function is a container image, which Mayfly does not run: deploy its code, or leave it out by --except ${name}`,
  );
}

export function evaluated(place: Place, scope: Scope): Place {
  return new Place(evaluate(place.value ?? null, scope, place.at), place.at);
}

/** What both types of functions have. @param properties evaluated */
export function readFunction({ name, place, options, routes }: Lambda, properties: Place, code: ToolCode, events: FoundRoute[]): Read {
  const runtime = properties.key("Runtime");
  const givenRuntime = runtime.requiredText();
  const variables = variablesOf([properties.key("Environment").key("Variables")], options.environment);
  const seconds = properties.key("Timeout").count(1, MOST_SECONDS);
  const ways = [...routes, ...events];
  const { access, passedOver: said } = accessOf(
    ways.map((way) => way.access),
    place.at,
  );
  const found: ToolFunction = {
    name,
    at: place.at,
    givenRuntime,
    runtime: runtimeFor(givenRuntime, runtime.at),
    handler: properties.key("Handler").text(),
    code,
    memoryMb: properties.key("MemorySize").count(128, MOST_MEMORY),
    timeoutMs: seconds === undefined ? undefined : seconds * 1_000,
    durable: durableOf(properties.key("DurableConfig")),
    environment: variables.environment,
    secrets: variables.secrets,
    access,
    cors: ways.flatMap(({ cors }) => cors.rule ?? [])[0],
    routes: ways.flatMap(({ route }) => route ?? []),
    description: described(properties.key("Description")),
  };
  return {
    found,
    passedOver: [...variables.passedOver, ...said, ...ways.flatMap(({ cors }) => cors.passedOver), ...passedOverProperties(properties)],
  };
}

function durableOf(config: Place): ToolFunction["durable"] {
  if (!config.isThere) return undefined;
  const timeoutS = config.key("ExecutionTimeout").count(1, MOST_TIMEOUT_S) ?? usualDurable.timeoutS;
  return { timeoutS, retentionDays: config.key("RetentionPeriodInDays").count(1, MOST_RETENTION_DAYS) };
}

function described({ value }: Place): string | undefined {
  return isScalar(value) ? String(value) : undefined;
}

function codeOf({ place, options }: Lambda, properties: Place): ToolCode {
  const code = properties.key("Code");
  const inline = code.key("ZipFile").text();
  if (inline !== undefined) return { kind: "inline", text: inline, at: code.key("ZipFile").at };
  const metadata = place.key("Metadata");
  if (metadata.key("aws:asset:dockerfile-path").isThere) throw imageRefused(metadata.at, place.at);
  const asset = metadata.key("aws:asset:path").value;
  const key = code.key("S3Key").value;
  const path = typeof asset === "string" ? asset : typeof key === "string" ? options.assets.get(key) : code.value;
  if (typeof path === "string") return pathOf(path, code.at);
  if (isMap(code.value) && code.key("ImageUri").isThere) throw imageRefused(code.at, place.at);
  throw new BadToolFile(
    code.at,
    "its code is in a bucket of Amazon's, which is not read: name a folder, or deploy the output of `cdk synth`",
  );
}

/** Archives are told from folders by their names. */
export function pathOf(path: string, at: string): ToolCode {
  if (/^(s3|https?):/i.test(path)) throw new BadToolFile(at, `its code is at ${path.slice(0, 60)}, which is not fetched: name a folder`);
  return /\.(zip|jar)$/i.test(path) ? { kind: "archive", path, at } : { kind: "folder", path, at, patterns: null };
}
