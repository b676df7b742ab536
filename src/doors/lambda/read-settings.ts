/** Reads the configuration of a function from a request: of CreateFunction, or, with only what changes, of UpdateFunctionConfiguration. */
import { invalidValue } from "../../control/lambda/aws-error.ts";
import { hasSnapStart, isKnownRuntime, ourRuntime, RUNTIMES } from "../../control/lambda/runtimes.ts";
import type { FunctionSettings } from "../../store/lambda/records.ts";
import { Constraints } from "./constraints.ts";
import type { Members } from "./read-request.ts";

const ROLE = "arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+";
const role = /^arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role\/?[a-zA-Z_0-9+=,.@\-_/]+$/;
export const ARCHITECTURES = ["x86_64", "arm64"];
export const LAYER_VERSION =
  "(arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:\\d{12}:layer:[a-zA-Z0-9-_]+:[0-9]+)|(arn:[a-zA-Z0-9-]+:lambda:::awslayer:[a-zA-Z0-9-_]+)";
export const layerVersion =
  /^(arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:layer:[a-zA-Z0-9-_]+:[0-9]+|arn:[a-zA-Z0-9-]+:lambda:::awslayer:[a-zA-Z0-9-_]+)$/;

/** In MB: what AWS has, and what a machine here may have. */
const MOST_MEMORY = 10_240;
const MOST_OURS = 8_192;

/** Throws a ValidationException that names everything that is wrong with single members. @param whole whether members may not be missing */
export function checkMembers(body: Members, constraints: Constraints, whole: boolean): void {
  const architectures = body.texts("Architectures");
  const layers = body.texts("Layers");
  if (whole) constraints.required("role", body.text("Role"));
  constraints
    .pattern("role", body.text("Role"), ROLE, role)
    .pattern("handler", body.text("Handler"), "[^\\s]+", /^[^\s]+$/)
    .length("handler", body.text("Handler"), 0, 128)
    .length("description", body.text("Description"), 0, 256)
    .range("timeout", body.integer("Timeout"), 1, 900)
    .range("memorySize", body.integer("MemorySize"), 128, MOST_MEMORY)
    .oneOf("packageType", body.text("PackageType"), ["Image", "Zip"])
    .oneOf("tracingConfig.mode", body.object("TracingConfig")?.text("Mode"), ["Active", "PassThrough"])
    .oneOf("snapStart.applyOn", body.object("SnapStart")?.text("ApplyOn"), ["PublishedVersions", "None"])
    .range("ephemeralStorage.size", body.object("EphemeralStorage")?.integer("Size"), 512, MOST_MEMORY)
    .oneOf("loggingConfig.logFormat", body.object("LoggingConfig")?.text("LogFormat"), ["JSON", "Text"])
    .oneOf("tenancyConfig.tenantIsolationMode", body.object("TenancyConfig")?.text("TenantIsolationMode"), ["PER_TENANT"])
    .unless(
      (layers ?? []).every((arn) => layerVersion.test(arn) && arn.length <= 2_048),
      "layers",
      `'${shown(layers)}'`,
      `Member must satisfy constraint: [Member must have length less than or equal to 2048, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: ${LAYER_VERSION}, Member must not be null]`,
    );
  if (architectures !== undefined) checkArchitectures(architectures, constraints);
  constraints.check();
}

function checkArchitectures(architectures: string[], constraints: Constraints): void {
  constraints
    .unless(architectures.length <= 1, "architectures", `'${shown(architectures)}'`, "Member must have length less than or equal to 1")
    .unless(
      architectures.every((each) => ARCHITECTURES.includes(each)),
      "architectures",
      `'${shown(architectures)}'`,
      architecturesRule,
    );
}

export const architecturesRule = `Member must satisfy constraint: [Member must satisfy enum value set: [${ARCHITECTURES.join(", ")}], Member must not be null]`;

/** As AWS shows lists. */
export function shown(list: readonly string[] = []): string {
  return `[${list.join(", ")}]`;
}

/** What the request says, member by member; what it does not name is not in the result. */
export function readSettings(body: Members, name: string, before: Partial<FunctionSettings> = {}): Partial<FunctionSettings> {
  const runtime = body.text("Runtime");
  if (runtime !== undefined) refuseRuntime(runtime);
  const memory = body.integer("MemorySize");
  if (memory !== undefined && memory > MOST_OURS)
    throw invalidValue(`'MemorySize' value failed to satisfy constraint: Member must have value less than or equal to ${MOST_OURS}`);
  const applyOn = body.object("SnapStart")?.text("ApplyOn");
  const used = runtime ?? before.Runtime ?? "";
  if (applyOn === "PublishedVersions" && !hasSnapStart(used))
    throw invalidValue(`${used} is not supported for SnapStart enabled functions.`);
  const tenancy = body.object("TenancyConfig")?.text("TenantIsolationMode");
  return defined({
    Runtime: runtime,
    Role: body.text("Role"),
    Handler: body.text("Handler"),
    Description: body.text("Description"),
    Timeout: body.integer("Timeout"),
    MemorySize: memory,
    Environment: environmentOf(body),
    EphemeralStorage: sizeOf(body.object("EphemeralStorage")),
    Architectures: body.texts("Architectures"),
    TracingConfig: modeOf(body.object("TracingConfig")),
    SnapStart: applyOn === undefined ? undefined : { ApplyOn: applyOn },
    LoggingConfig: loggingOf(body.object("LoggingConfig"), name, before.LoggingConfig),
    VpcConfig: vpcOf(body.object("VpcConfig")),
    DeadLetterConfig: deadLetterOf(body.object("DeadLetterConfig")),
    KMSKeyArn: body.text("KMSKeyArn"),
    FileSystemConfigs: body
      .objects("FileSystemConfigs")
      ?.map((each) => ({ Arn: each.text("Arn") ?? "", LocalMountPath: each.text("LocalMountPath") ?? "" })),
    TenancyConfig: tenancy === undefined ? undefined : { TenantIsolationMode: tenancy },
  });
}

function refuseRuntime(runtime: string): void {
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

function modeOf(tracing: Members | undefined): { Mode: string } | undefined {
  const mode = tracing?.text("Mode");
  return mode === undefined ? undefined : { Mode: mode };
}

function vpcOf(vpc: Members | undefined): FunctionSettings["VpcConfig"] {
  if (vpc === undefined) return undefined;
  return {
    SubnetIds: vpc.texts("SubnetIds") ?? [],
    SecurityGroupIds: vpc.texts("SecurityGroupIds") ?? [],
    Ipv6AllowedForDualStack: vpc.flag("Ipv6AllowedForDualStack") ?? false,
  };
}

function deadLetterOf(config: Members | undefined): FunctionSettings["DeadLetterConfig"] {
  const arn = config?.text("TargetArn");
  return arn === undefined ? undefined : { TargetArn: arn };
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
