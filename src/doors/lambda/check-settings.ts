/** Checks the configuration of a function in a request, member by member, by the constraints that AWS documents. */
import { MOST_RETENTION_DAYS, MOST_TIMEOUT_S } from "../../store/catalog/durable-schema.ts";
import { Constraints } from "./constraints.ts";
import type { Members } from "./read-request.ts";

const ROLE = "arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+";
const role = /^arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role\/?[a-zA-Z_0-9+=,.@\-_/]+$/;
export const ARCHITECTURES = ["x86_64", "arm64"];
export const LAYER_VERSION =
  "(arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:\\d{12}:layer:[a-zA-Z0-9-_]+:[0-9]+)|(arn:[a-zA-Z0-9-]+:lambda:::awslayer:[a-zA-Z0-9-_]+)";
export const layerVersion =
  /^(arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:layer:[a-zA-Z0-9-_]+:[0-9]+|arn:[a-zA-Z0-9-]+:lambda:::awslayer:[a-zA-Z0-9-_]+)$/;

/** In MB: what AWS has for any function, and for its disk. */
const MOST_MEMORY = 32_768;
const MOST_STORAGE = 10_240;

const RESOURCE_OR_NONE = "(arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)|()";
const resourceOrNone = /^(arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*|)$/;
const LEVELS = ["TRACE", "ERROR", "INFO", "DEBUG", "FATAL", "WARN"];
const SYSTEM_LEVELS = ["INFO", "DEBUG", "WARN"];

/** Throws a ValidationException that names everything that is wrong with single members. @param whole whether members may not be missing */
export function checkMembers(body: Members, constraints: Constraints, whole: boolean): void {
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
    .range("durableConfig.executionTimeout", body.object("DurableConfig")?.integer("ExecutionTimeout"), 1, MOST_TIMEOUT_S)
    .range("durableConfig.retentionPeriodInDays", body.object("DurableConfig")?.integer("RetentionPeriodInDays"), 1, MOST_RETENTION_DAYS)
    .oneOf("publishTo", body.text("PublishTo"), ["LATEST_PUBLISHED"])
    .pattern("kMSKeyArn", body.text("KMSKeyArn"), RESOURCE_OR_NONE, resourceOrNone)
    .pattern("deadLetterConfig.targetArn", body.object("DeadLetterConfig")?.text("TargetArn"), RESOURCE_OR_NONE, resourceOrNone)
    .count("vpcConfig.subnetIds", body.object("VpcConfig")?.texts("SubnetIds"), 0, 16)
    .count("vpcConfig.securityGroupIds", body.object("VpcConfig")?.texts("SecurityGroupIds"), 0, 5)
    .unless(
      (layers ?? []).every((arn) => layerVersion.test(arn) && arn.length <= 2_048),
      "layers",
      `'${shown(layers)}'`,
      `Member must satisfy constraint: [Member must have length less than or equal to 2048, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: ${LAYER_VERSION}, Member must not be null]`,
    );
  checkStorage(body, constraints);
  checkFileSystems(body, constraints);
  checkLogging(body.object("LoggingConfig"), constraints);
  checkTenancy(body.object("TenancyConfig"), constraints);
  checkArchitectures(body.texts("Architectures"), constraints);
  constraints.check();
}

function checkStorage(body: Members, constraints: Constraints): void {
  const storage = body.object("EphemeralStorage");
  if (storage === undefined) return;
  const size = storage.integer("Size");
  constraints.required("ephemeralStorage.size", size).range("ephemeralStorage.size", size, 512, MOST_STORAGE);
}

function checkTenancy(tenancy: Members | undefined, constraints: Constraints): void {
  if (tenancy === undefined) return;
  const mode = tenancy.text("TenantIsolationMode");
  constraints.required("tenancyConfig.tenantIsolationMode", mode).oneOf("tenancyConfig.tenantIsolationMode", mode, ["PER_TENANT"]);
}

function checkLogging(logging: Members | undefined, constraints: Constraints): void {
  const group = logging?.text("LogGroup");
  constraints
    .oneOf("loggingConfig.logFormat", logging?.text("LogFormat"), ["JSON", "Text"])
    .oneOf("loggingConfig.applicationLogLevel", logging?.text("ApplicationLogLevel"), LEVELS)
    .oneOf("loggingConfig.systemLogLevel", logging?.text("SystemLogLevel"), SYSTEM_LEVELS)
    .length("loggingConfig.logGroup", group, 1, 512)
    .pattern("loggingConfig.logGroup", group, "[\\.\\-_/#A-Za-z0-9]+", /^[.\-_/#A-Za-z0-9]+$/);
}

const ACCESS_POINT =
  "arn:aws[a-zA-Z-]*:elasticfilesystem:[a-z]{2}((-gov)|(-iso(b?)))?-[a-z]+-\\d{1}:\\d{12}:access-point/fsap-[a-f0-9]{17}$|^arn:aws[-a-z]*:s3files:[0-9a-z-:]+:file-system/fs-[0-9a-f]{17,40}/access-point/fsap-[0-9a-f]{17,40}";
const accessPoint =
  /^(arn:aws[a-zA-Z-]*:elasticfilesystem:[a-z]{2}((-gov)|(-iso(b?)))?-[a-z]+-\d:\d{12}:access-point\/fsap-[a-f0-9]{17}|arn:aws[-a-z]*:s3files:[0-9a-z\-:]+:file-system\/fs-[0-9a-f]{17,40}\/access-point\/fsap-[0-9a-f]{17,40})$/;

function checkFileSystems(body: Members, constraints: Constraints): void {
  const systems = body.objects("FileSystemConfigs") ?? [];
  constraints.unless(systems.length <= 1, "fileSystemConfigs", "'[…]'", "Member must have length less than or equal to 1");
  for (const [at, system] of systems.slice(0, 1).entries()) {
    const member = `fileSystemConfigs.${at + 1}.member`;
    const [arn, path] = [system.text("Arn"), system.text("LocalMountPath")];
    constraints
      .required(`${member}.arn`, arn)
      .required(`${member}.localMountPath`, path)
      .length(`${member}.arn`, arn, 0, 256)
      .pattern(`${member}.arn`, arn, ACCESS_POINT, accessPoint)
      .length(`${member}.localMountPath`, path, 0, 160)
      .pattern(`${member}.localMountPath`, path, "/mnt/[a-zA-Z0-9-_.]+", /^\/mnt\/[a-zA-Z0-9-_.]+$/);
  }
}

function checkArchitectures(architectures: string[] | undefined, constraints: Constraints): void {
  constraints.count("architectures", architectures, 1, 1).unless(
    (architectures ?? []).every((each) => ARCHITECTURES.includes(each)),
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
