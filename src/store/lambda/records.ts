/** What the Lambda API keeps of functions beside the apps that run them. Keys that AWS names are written as AWS writes them, and are shown as they are. */

/** A zip file as it was uploaded. */
export interface ZipCode {
  /** SHA-256 (hex): the name of its file. */
  digest: string;
  /** In bytes. */
  size: number;
  /** SHA-256 in base64, as AWS shows it. */
  sha256: string;
}

/** The configuration of a function or a version, without what follows from its state. */
export interface FunctionSettings {
  PackageType: "Zip";
  Runtime: string;
  Role: string;
  Handler: string;
  Description: string;
  /** In seconds. */
  Timeout: number;
  /** In MB. */
  MemorySize: number;
  Environment?: { Variables: Record<string, string> } | undefined;
  EphemeralStorage: { Size: number };
  Architectures: string[];
  TracingConfig: { Mode: string };
  SnapStart: { ApplyOn: string };
  LoggingConfig: { LogFormat: string; LogGroup: string; ApplicationLogLevel?: string; SystemLogLevel?: string };
  Layers?: { Arn: string; CodeSize: number }[] | undefined;
  VpcConfig?: { SubnetIds: string[]; SecurityGroupIds: string[]; VpcId?: string; Ipv6AllowedForDualStack: boolean } | undefined;
  DeadLetterConfig?: { TargetArn?: string } | undefined;
  KMSKeyArn?: string | undefined;
  FileSystemConfigs?: { Arn: string; LocalMountPath: string }[] | undefined;
  TenancyConfig?: { TenantIsolationMode: string } | undefined;
  /** Seconds, and days. */
  DurableConfig?: { ExecutionTimeout: number; RetentionPeriodInDays: number } | undefined;
}

export interface Reason {
  code: string;
  text: string;
}

interface Deployable {
  settings: FunctionSettings;
  /** Null if the code did not come through this API. */
  code: ZipCode | null;
  /** Zip files of the layers, in the order of `settings.Layers`. They stay even if the layer is deleted. */
  layers: ZipCode[];
  /** Milliseconds since the epoch. */
  lastModified: number;
  revisionId: string;
  state: "Pending" | "Active" | "Failed";
  reason?: Reason | undefined;
  /** The id of the app's revision that runs it; null as long as there is none. */
  revision: string | null;
}

export interface FunctionRecord extends Deployable {
  name: string;
  /** The name of the app that it shares with other functions, as the tag `mayfly:app` says. Absent: it has the app of its own name. */
  app?: string;
  /** For which the request that made the function was signed. */
  region: string;
  /** How the newest change is doing; null before the first has ended. */
  update: "Successful" | "InProgress" | "Failed" | null;
  updateReason?: Reason | undefined;
  tags: Record<string, string>;
  /** The highest number of a version that was ever published. */
  lastVersion: number;
  /** What was published last, as fingerprint() gives it. */
  published: string | null;
  /** The version that becomes active with the change that is under way. */
  publishing: number | null;
  reserved: number | null;
  recursiveLoop: "Terminate" | "Allow";
  updateRuntimeOn: string;
  runtimeVersionArn: string | null;
  /** The id of its configuration of code signing. */
  codeSigning?: string;
}

export interface VersionRecord extends Deployable {
  version: number;
  /** How AWS would renew its runtime; absent: as at the time when it was published. */
  updateRuntimeOn?: string;
  runtimeVersionArn?: string | null;
}

export interface AliasRecord {
  name: string;
  /** A number, or $LATEST. */
  version: string;
  description: string;
  weights: Record<string, number>;
  revisionId: string;
}

export interface Statement {
  Sid: string;
  Effect: "Allow";
  Principal: unknown;
  Action: string | string[];
  Resource: string;
  Condition?: Record<string, Record<string, string | boolean>>;
}

export interface PolicyRecord {
  statements: Statement[];
}

export interface UrlRecord {
  /** The first label of the URL's host. */
  id: string;
  authType: "NONE" | "AWS_IAM";
  invokeMode: string | null;
  cors: Record<string, unknown> | null;
  createdAt: number;
  lastModified: number;
}

export interface EventInvokeRecord {
  MaximumRetryAttempts?: number | undefined;
  MaximumEventAgeInSeconds?: number | undefined;
  DestinationConfig?: { OnSuccess?: { Destination?: string }; OnFailure?: { Destination?: string } } | undefined;
  /** Milliseconds since the epoch. */
  lastModified: number;
}

export interface ProvisionedRecord {
  requested: number;
  lastModified: number;
}

export interface LayerRecord {
  name: string;
  version: number;
  description: string;
  licenseInfo: string | null;
  runtimes: string[] | null;
  architectures: string[] | null;
  code: ZipCode;
  createdAt: number;
  policy: { statements: Statement[]; revisionId: string } | null;
}

/** Whose signatures of code a function takes. */
export interface CodeSigningRecord {
  /** For example csc-0123456789abcdefg. */
  id: string;
  description: string;
  /** ARNs of signing profiles. */
  publishers: string[];
  /** What happens with code that none of them has signed. */
  policy: "Warn" | "Enforce";
  tags: Record<string, string>;
  lastModified: number;
}

/** Which function gets the messages of a queue. */
export interface EventSourceRecord {
  uuid: string;
  /** The function's name, and the version or alias. */
  function: string;
  qualifier?: string;
  /** For which the request that made it was signed. */
  region: string;
  /** The queue's name. */
  queue: string;
  batchSize: number;
  windowSeconds: number;
  /** Event patterns, as they were given; null: no filter. */
  filters: string[] | null;
  reportsFailures: boolean;
  maximumConcurrency: number | null;
  isEnabled: boolean;
  tags: Record<string, string>;
  createdAt: number;
  lastModified: number;
}
