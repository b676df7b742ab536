/**
 * The numbers and messages of the host-guest protocol, which docs/guest-protocol.md describes. This file is their only copy in code, and
 * both ends use it.
 */

/** Must change whenever an agent of the previous version would misunderstand the host. Each end speaks exactly one version. */
export const PROTOCOL_VERSION = 3;

/** A header is u32 payload length, u8 type, u8 flags, u16 zero, u32 stream; little-endian. */
export const HEADER_BYTES = 12;

export const FrameType = {
  Hello: 1,
  Resume: 2,
  Ready: 3,
  Bind: 4,
  Bound: 5,
  Request: 6,
  Response: 7,
  Data: 8,
  Credit: 9,
  Reset: 10,
  Done: 11,
  Log: 12,
  Stats: 13,
  Ping: 14,
  Pong: 15,
  Connect: 16,
  Connected: 17,
  Resolve: 18,
  Resolved: 19,
  Trailers: 20,
  Interim: 21,
} as const;
export type FrameType = (typeof FrameType)[keyof typeof FrameType];

export const Flag = {
  /** This is the last frame of this direction of the stream. */
  End: 0x01,
  /** With End, from the guest: the reply is complete but the invocation goes on (waitUntil), and Done follows. */
  Pending: 0x02,
  /** On a Log: its line goes on in the next Log of the same stream and level. */
  Partial: 0x04,
} as const;

/** Hard limits, in bytes unless stated otherwise. A peer that exceeds one has violated the protocol. */
export const Limit = {
  /** The payload of any frame. */
  payload: 131_072,
  /** The head of a Request or Response. */
  head: 65_536,
  /** The payload of Data, and the body in a Request's or Response's own frame. */
  data: 65_536,
  /** The JSON of a control frame (Hello, Resume, Ready, Bound, Stats, Connect, Connected, Resolve, Resolved). */
  json: 65_536,
  /** The text of one Log frame. */
  logText: 16_384,
  /** The message of a Reset. */
  resetMessage: 1_024,
  /** The number of header name/value pairs in one head. */
  headerPairs: 256,
  /** The traceparent in a Request's head, in characters: the length of version 00. */
  traceparent: 55,
  /** The tracestate in a Request's head, in characters: the length that W3C asks everybody to propagate at least. */
  tracestate: 512,
  /** The revision in a Request's head and in a Bind, in characters. */
  revision: 128,
  /** The largest attempt in a Request's head, as a count. */
  attempt: 1_000_000,
  /** The credit that may be outstanding on one direction of one stream. */
  credit: 16_777_216,
  /** The code and the files of a revision that cross as frames, all together. */
  code: 67_108_864,
  /** The interim responses of one invocation, as a count. */
  interims: 16,
  /** The number of streams that the guest may have open at once. */
  guestStreams: 256,
} as const;

/** How much the host keeps of one machine's log. Each line counts as its own bytes and `lineBytes` more. */
export const LogRate = {
  bytesPerSecond: 1_048_576,
  bytesAtOnce: 2_097_152,
  lineBytes: 64,
} as const;

/** Bytes of a body that each side may send on a new stream before it is granted more. */
export const INITIAL_CREDIT = 65_536;

export const ResetCode = {
  Cancelled: 1,
  Timeout: 2,
  Internal: 3,
  Refused: 4,
  EgressDenied: 5,
  ConnectFailed: 6,
  FunctionThrew: 7,
  FunctionLoadFailed: 8,
  FunctionNotFound: 9,
  BadResponse: 10,
  ResolveFailed: 11,
} as const;
export type ResetCode = (typeof ResetCode)[keyof typeof ResetCode];

/**
 * Agent: written by the agent itself. The app's code can send this level too, so it is trusted no more than the others.
 * Platform: written by the host. It never crosses the wire.
 */
export const LogLevel = { Debug: 0, Info: 1, Warn: 2, Error: 3, Agent: 4, Platform: 5 } as const;
export type LogLevel = (typeof LogLevel)[keyof typeof LogLevel];
export type GuestLogLevel = Exclude<LogLevel, typeof LogLevel.Platform>;

/** The function that an unbound agent answers, so that a template and a blank can be warmed through the real path. */
export const WARM_FUNCTION = "mayfly:warm";

/** A Bind to this app is forgotten at the next Bind, so it may be repeated: docs/guest-protocol.md, Life of a machine. */
export const REHEARSAL_APP = "mayfly:rehearsal";

/** Host → guest, before any user code runs and after every pause. */
export interface ResumeMessage {
  /** The versions that the host speaks. */
  protocol: { min: number; max: number };
  /** The host's wall clock, in milliseconds since the epoch, with a fraction. */
  now: number;
  /** 64 fresh random bytes, base64. */
  entropy: string;
  /** The machine's id. */
  machine: string;
  /** Whether this is the first Resume of a clone whose template was bound to its app before it was frozen. */
  restored?: boolean;
  /** Whether the host takes the frames Trailers and Interim. */
  trailers?: boolean;
  /** Only while an app is developed: `tcp:` and the address of the channel to which the agent carries its runtime's inspector once the machine is an app's. */
  inspector?: string;
}

/** What only some Resumes say. */
export type ResumeExtras = Pick<ResumeMessage, "restored" | "inspector">;

/** Guest → host, the answer to every Resume. */
export interface ReadyMessage {
  protocol: number;
  /** The agent's version. */
  agent: string;
  /** For example "26.10.0". */
  node: string;
  kernel: "linux" | "osv" | "gvisor" | "host";
  /** Why a restored machine cannot be used: what the app's code did when it was told of the restore. */
  failed?: string;
  /** Whether the agent takes the frame Trailers. */
  trailers?: boolean;
}

/**
 * Where the agent gets a function's code from. An agent refuses a Bind with a source that it does not know, so a source can be added
 * without a new protocol version.
 */
export type CodeSource = FramesSource | FileSource;

/** The code follows the BindMessage on the Bind's stream: `bytes` for each function, in the order of the functions. */
interface FramesSource {
  type: "frames";
  bytes: number;
}

/** The code is one of the app's files, or begins in it. Nothing of it is on the Bind's stream besides the files themselves. */
interface FileSource {
  type: "file";
  /** Relative to the task root, with "/" between its parts. */
  path: string;
}

/**
 * How the app's files get into the task root, before any code of the app is loaded. An agent refuses a Bind with files that come in a way
 * that it does not know.
 */
export type BindFiles = FramesFiles | FolderFiles;

/**
 * The files follow the BindMessage on the Bind's stream, before the code of the functions: `list` bytes of JSON, an array of FileEntry that is
 * sorted by path, then `bytes` bytes, the contents of all files in this order with nothing in between. The agent writes the files.
 */
interface FramesFiles {
  type: "frames";
  list: number;
  bytes: number;
}

/**
 * The files are in a folder of the machine that nobody may write to. The agent makes a symbolic link in the task root to each entry of the folder. If there is a
 * `device`, such as "/dev/vdb", the agent first mounts it on `path`, for reading only: it is a disk with an erofs file system.
 */
export interface FolderFiles {
  type: "folder";
  path: string;
  device?: string;
}

/** The path relative to the task root, with "/" between its parts; the size in bytes; whether the file may be executed. */
export type FileEntry = [path: string, bytes: number, executable: boolean];

/** The folder of the app's files in a machine, unless the agent's environment says otherwise in TASK_ROOT_VARIABLE. */
export const TASK_ROOT = "/var/task";
export const TASK_ROOT_VARIABLE = "MAYFLY_TASK_ROOT";

/** The content type of a streamed result that begins with the metadata of an HTTP reply, as JSON, and eight zero bytes. */
export const INTEGRATION_RESPONSE = "application/vnd.awslambda.http-integration-response";

/** The program of the machine's image that mounts NFS exports. */
export const MOUNTS_PROGRAM = "/mayfly/mounts";

/**
 * What the code is, and so which agent can run it. cjs and esm: JavaScript, where cjs is evaluated with compileFunction, and esm is imported, which
 * only code with top-level await needs. python and java: those languages. provided and server: a program of the app's own.
 */
export type CodeFormat = "cjs" | "esm" | "python" | "java" | "provided" | "server";

/** What the agent needs to know about one function. */
export interface BindFunction {
  name: string;
  format: CodeFormat;
  source: CodeSource;
  /** The export that is the handler in the Lambda style. A default export with fetch() takes precedence. */
  handler: string;
  /** Of the format server: the program and its parameters, run in the task root. */
  command?: string[];
  /**
   * The function was made by AWS Lambda's API. `handler` is then what AWS calls the handler, such as "index.handler", and the agent finds it in
   * the app's files as AWS's runtime does.
   */
  lambda?: LambdaMessage;
}

/** What AWS Lambda tells the code of a function, besides what every function is told. */
export interface LambdaMessage {
  /** The name in AWS Lambda's API. */
  functionName: string;
  /** "$LATEST", or the number of a version. */
  version: string;
  /** Without a qualifier. */
  arn: string;
  region: string;
  /** AWS's name of the runtime, such as "python3.13". */
  runtime: string;
  logGroup: string;
  logStream: string;
}

/** Host → guest: gives the machine to an app. */
export interface BindMessage {
  app: string;
  /** The app's revision. The agent gives it no meaning, and shows it to code as the function's version. */
  revision: string;
  functions: BindFunction[];
  /** Absent if the app has no files. */
  files?: BindFiles;
  /** Exports to mount before any code of the app is evaluated. Absent if the app has none. */
  mounts?: MountMessage[];
  /** Environment variables and secrets. */
  env: Record<string, string>;
  /** Services of the platform that the code reaches, by the names that it knows them by: a key-value store, a SQL database, a bucket or a queue, by its name. Absent if it has none. */
  bindings?: Record<string, { kv: string } | { sql: string } | { bucket: string } | { queue: string }>;
  memoryMb: number;
  /** The most Requests that the host has open at a time. */
  concurrency?: number;
  /** Whether Connect and Resolve will be answered. */
  egress: boolean;
  /** A certificate, as PEM: TLS of the app's code and of its programs trusts it, besides what it trusts anyway. */
  authority?: string;
  /** The function to evaluate before Bound is sent; the others are evaluated at their first call. */
  preload?: string;
  /** Whether the machine becomes a template of the app: everything is evaluated, and what clones must not share is closed, before Bound is sent. */
  snapshot?: boolean;
}

/** An NFS export. The agent hands its fields to the program in its image that mounts. */
export interface MountMessage {
  /** The server that the host is asked to connect to: a name or an address. */
  server: string;
  /** An address of the machine's loopback that stands for the server. */
  address: string;
  ports: number[];
  /** "server:/export", as the machine's code is to see it. */
  source: string;
  /** The folder on which the export is mounted. */
  path: string;
  /** Those of mount(2). */
  flags: number;
  /** Those of the kernel's NFS client, with commas between them. */
  options: string;
}

export type BoundMessage = { ok: true } | { ok: false; message: string };

/**
 * Guest → host, once a second while the machine is bound and busy, and once after that. It is advice for scaling only, never used for
 * billing.
 */
export interface StatsMessage {
  /** CPU time of the agent's process since it started, in milliseconds. */
  cpuMs: number;
  /** The delay of the event loop over the last interval, in milliseconds. */
  loopDelayMeanMs: number;
  loopDelayMaxMs: number;
  /** 0 to 1, over the last interval. */
  loopUtilization: number;
  heapUsedBytes: number;
  rssBytes: number;
  inFlight: number;
}

export interface ConnectMessage {
  /** A name or an address. */
  host: string;
  port: number;
  /** If the host is an address: the name under which the guest found it. */
  name?: string;
}
export interface ConnectedMessage {
  /** The address that the host connected to. */
  address: string;
  port: number;
  family: 4 | 6;
}
export interface ResolveMessage {
  host: string;
  /** 0 means any. */
  family: 0 | 4 | 6;
}
export interface ResolvedMessage {
  addresses: { address: string; family: 4 | 6 }[];
}
