/** Reads the configuration of a function from a request: of CreateFunction, or, with only what changes, of UpdateFunctionConfiguration. */
import { invalidValue } from "../../control/lambda/aws-error.ts";
import { hasSnapStart, isDeprecatedRuntime, isKnownRuntime, ourRuntime, RUNTIMES } from "../../control/lambda/runtimes.ts";
import { usualDurable } from "../../store/catalog/durable-schema.ts";
import type { FunctionSettings } from "../../store/lambda/records.ts";
import { Constraints } from "./constraints.ts";
import type { Members } from "./read-request.ts";

/** In MB: what a machine here may have. */
const MOST_OURS = 8_192;

/** What the request says, member by member; what it does not name is not in the result. */
export function readSettings(body: Members, name: string, before: Partial<FunctionSettings> = {}): Partial<FunctionSettings> {
  refuseUnknownKinds(body);
  const runtime = body.text("Runtime");
  if (runtime !== undefined) refuseRuntime(runtime);
  const memory = body.integer("MemorySize");
  if (memory !== undefined && memory > MOST_OURS)
    throw invalidValue(`'MemorySize' value failed to satisfy constraint: Member must have value less than or equal to ${MOST_OURS}`);
  const applyOn = body.object("SnapStart")?.text("ApplyOn");
  const used = runtime ?? before.Runtime ?? "";
  if (applyOn === "PublishedVersions" && !hasSnapStart(used))
    throw invalidValue(`${used} is not supported for SnapStart enabled functions.`);
  return {
    ...defined(settingsIn(body, name, before)),
    // An empty ARN takes away what was there.
    ...(body.text("KMSKeyArn") === "" && { KMSKeyArn: undefined }),
    ...(body.has("DeadLetterConfig") && { DeadLetterConfig: deadLetterOf(body.object("DeadLetterConfig")) }),
  };
}

function settingsIn(body: Members, name: string, before: Partial<FunctionSettings>): Partial<FunctionSettings> {
  const runtime = body.text("Runtime");
  const applyOn = body.object("SnapStart")?.text("ApplyOn");
  return {
    Runtime: runtime,
    Role: body.text("Role"),
    Handler: body.text("Handler"),
    Description: body.text("Description"),
    Timeout: body.integer("Timeout"),
    MemorySize: body.integer("MemorySize"),
    Environment: environmentOf(body),
    EphemeralStorage: sizeOf(body.object("EphemeralStorage")),
    Architectures: body.texts("Architectures"),
    TracingConfig: modeOf(body.object("TracingConfig")),
    SnapStart: applyOn === undefined ? undefined : { ApplyOn: applyOn },
    LoggingConfig: loggingOf(body.object("LoggingConfig"), name, before.LoggingConfig),
    VpcConfig: vpcOf(body.object("VpcConfig")),
    DurableConfig: durableOf(body.object("DurableConfig"), before.DurableConfig),
    KMSKeyArn: body.text("KMSKeyArn"),
    FileSystemConfigs: body
      .objects("FileSystemConfigs")
      ?.map((each) => ({ Arn: each.text("Arn") ?? "", LocalMountPath: each.text("LocalMountPath") ?? "" })),
  } as Partial<FunctionSettings>;
}

/** Kinds of functions that AWS has and this server has not. */
function refuseUnknownKinds(body: Members): void {
  for (const member of ["CapacityProviderConfig", "ImageConfig", "PublishTo"])
    if (body.has(member)) throw invalidValue(`${member} is not supported on this server.`);
}

function refuseRuntime(runtime: string): void {
  if (isDeprecatedRuntime(runtime))
    throw invalidValue(
      `The runtime parameter of ${runtime} is no longer supported for creating or updating AWS Lambda functions. We recommend you use a supported runtime while creating or updating functions.`,
    );
  if (!isKnownRuntime(runtime))
    throw invalidValue(
      `Value ${runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [${RUNTIMES}] or be a valid ARN`,
    );
  if (ourRuntime(runtime) === undefined)
    throw invalidValue(
      `The runtime parameter of ${runtime} is not supported for creating or updating functions on this server. We recommend you use a supported runtime: nodejs, python, java or provided.`,
    );
}

/** Of the variables as JSON, in bytes. */
const MOST_ENVIRONMENT = 4_096;
const reserved = new Set(
  "_HANDLER _X_AMZN_TRACE_ID AWS_DEFAULT_REGION AWS_REGION AWS_EXECUTION_ENV AWS_LAMBDA_FUNCTION_NAME AWS_LAMBDA_FUNCTION_MEMORY_SIZE AWS_LAMBDA_FUNCTION_VERSION AWS_LAMBDA_INITIALIZATION_TYPE AWS_LAMBDA_LOG_GROUP_NAME AWS_LAMBDA_LOG_STREAM_NAME AWS_ACCESS_KEY AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_LAMBDA_RUNTIME_API LAMBDA_TASK_ROOT LAMBDA_RUNTIME_DIR".split(
    " ",
  ),
);

function environmentOf(body: Members): FunctionSettings["Environment"] {
  const environment = body.object("Environment");
  if (environment === undefined) return undefined;
  const variables = environment.map("Variables") ?? {};
  const names = Object.keys(variables);
  new Constraints()
    .unless(
      names.every((name) => /^[a-zA-Z][a-zA-Z0-9_]+$/.test(name) || reserved.has(name)),
      "environment.variables",
      `'${shownMap(variables)}'`,
      "Map keys must satisfy constraint: [Member must satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+]",
    )
    .check();
  const own = names.filter((name) => reserved.has(name));
  if (own.length > 0)
    throw invalidValue(
      `Lambda was unable to configure your environment variables because the environment variables you have provided contains reserved keys that are currently not supported for modification. Reserved keys used in this request: ${own.join(", ")}`,
    );
  const json = JSON.stringify(variables);
  if (Buffer.byteLength(json) > MOST_ENVIRONMENT)
    throw invalidValue(
      `Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit. String measured: ${json}`,
    );
  return { Variables: variables };
}

export function shownMap(map: Readonly<Record<string, unknown>>): string {
  return `{${Object.entries(map)
    .map(([key, value]) => `${key}=${String(value)}`)
    .join(", ")}}`;
}

function sizeOf(storage: Members | undefined): { Size: number } | undefined {
  const size = storage?.integer("Size");
  return size === undefined ? undefined : { Size: size };
}

/** A function that was made without it stays so at AWS; here it may become durable. */
function durableOf(durable: Members | undefined, before: FunctionSettings["DurableConfig"]): FunctionSettings["DurableConfig"] {
  if (durable === undefined) return undefined;
  const ExecutionTimeout = durable.integer("ExecutionTimeout") ?? before?.ExecutionTimeout;
  if (ExecutionTimeout === undefined) throw invalidValue("DurableConfig.ExecutionTimeout is required.");
  const RetentionPeriodInDays = durable.integer("RetentionPeriodInDays") ?? before?.RetentionPeriodInDays ?? usualDurable.retentionDays;
  return { ExecutionTimeout, RetentionPeriodInDays };
}

function modeOf(tracing: Members | undefined): { Mode: string } | undefined {
  const mode = tracing?.text("Mode");
  return mode === undefined ? undefined : { Mode: mode };
}

function vpcOf(vpc: Members | undefined): FunctionSettings["VpcConfig"] {
  if (vpc === undefined) return undefined;
  return {
    SubnetIds: vpc.texts("SubnetIds") ?? [],
    SecurityGroupIds: vpc.texts("SecurityGroupIds") ?? [],
    // There are no networks of AWS's here.
    VpcId: "",
    Ipv6AllowedForDualStack: vpc.flag("Ipv6AllowedForDualStack") ?? false,
  };
}

function deadLetterOf(config: Members | undefined): FunctionSettings["DeadLetterConfig"] {
  const arn = config?.text("TargetArn");
  return arn === undefined || arn === "" ? undefined : { TargetArn: arn };
}

/** Levels are of JSON alone, where they are INFO if nothing says otherwise. */
function loggingOf(
  logging: Members | undefined,
  name: string,
  before?: FunctionSettings["LoggingConfig"],
): FunctionSettings["LoggingConfig"] | undefined {
  if (logging === undefined) return undefined;
  const LogFormat = logging.text("LogFormat") ?? before?.LogFormat ?? "Text";
  const LogGroup = logging.text("LogGroup") ?? before?.LogGroup ?? `/aws/lambda/${name}`;
  const levels = [logging.text("ApplicationLogLevel"), logging.text("SystemLogLevel")];
  if (LogFormat !== "JSON") {
    if (levels.some((level) => level !== undefined))
      throw invalidValue("ApplicationLogLevel and SystemLogLevel can only be set when LogFormat is JSON.");
    return { LogFormat, LogGroup };
  }
  return {
    LogFormat,
    LogGroup,
    ApplicationLogLevel: levels[0] ?? before?.ApplicationLogLevel ?? "INFO",
    SystemLogLevel: levels[1] ?? before?.SystemLogLevel ?? "INFO",
  };
}

/** Without the members that are undefined. */
function defined<T extends object>(object: T): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as never;
}
