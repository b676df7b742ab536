/**
 * The replies of the API of which pages show something. They are written down here, and not taken from the API's own types, because those need Node's; a test holds the
 * two against each other (src/doors/dashboard/replies.test.ts). The file is long because the API has many replies.
 */

export const PHASES = ["starting", "blank", "binding", "bound", "draining", "ending"] as const;
export type Phase = (typeof PHASES)[number];

export interface PrincipalReply {
  principal: string;
  role: string;
  /** null: of the whole server. */
  tenant: string | null;
  apps: string[] | null;
}

export interface SessionReply {
  csrf: string;
  endsAt: number;
  principal: PrincipalReply;
}

export type SpanName = "hour" | "day" | "month";

export interface PointReply {
  calls: number;
  failed: number;
  p50: number | null;
  p99: number | null;
  machines: Record<Phase, number>;
  memoryBytes: number;
  cpus: number;
}

export interface HistoryReply {
  span: SpanName;
  stepMs: number;
  at: number[];
  points: (PointReply | null)[];
}

export interface SpendReply {
  month: string;
  currency: string;
  apps: number;
  platform: number;
  wallClock: number;
  requests: number;
}

/** An event `tick` of the stream. */
export interface Tick extends PointReply {
  at: number;
  inFlight: number;
}

export interface LiveMachine {
  id: string;
  app: string | null;
  revision: number | null;
  driver: string;
  kind: { kernel: string; runtime: string; memoryMb: number; vcpus: number } | null;
  state: string;
  slots: { used: number; total: number };
  memoryBytes: number;
  cpuUs: number;
  startedAt: number;
}

/** An event `machines` of the stream. */
export interface MachineChanges {
  whole: boolean;
  changed: LiveMachine[];
  moved: Pick<LiveMachine, "id" | "state" | "slots" | "memoryBytes" | "cpuUs">[];
  gone: string[];
}

/** What was decided about a machine, in the words of `mayfly explain`. */
export interface DecisionsReply {
  decisions: {
    at: number;
    machine: string;
    what: string;
    why: string;
    ageMs: number;
    invocations: number;
  }[];
}

export interface TenantListReply {
  tenants: { name: string }[];
}

export interface ErrorReply {
  error: { code: string; message: string; cure: string };
}

interface TargetReply {
  revision: string;
  number: number;
  weight: number;
}

interface CanaryReply {
  state: string;
  share: number;
  old: number;
  startedAt: number;
  until: number;
  why: string | null;
  calls: Record<"old" | "new", { calls: number; failed: number; p99: number | null }>;
}

export interface AppReply {
  app: string;
  live: { number: number; createdAt: number; manifest: { functions: Record<string, object> } } | null;
  problem: string | null;
  revisions: { id: string; number: number; createdAt: number; runtimes: string[]; canary?: CanaryReply | undefined }[];
  aliases: { name: string; targets: TargetReply[] }[];
}

export interface AppListReply {
  apps: AppReply[];
  next: string | null;
}

export interface ExplainReply {
  now: string[];
}

export interface TriggerListReply {
  triggers: {
    name: string;
    function: string;
    kind: string;
    paused: boolean;
    definition?: unknown;
    path: string | null;
    nextTimes: number[];
    firesAt: number | null;
    last: { at: number; event: string } | null;
    why: string | null;
    fired: number;
    missed: number;
  }[];
}

export interface EventListReply {
  events: {
    id: string;
    function: string;
    state: string;
    source: { kind: string; name?: string | undefined };
    acceptedAt: number;
    dueAt: number | null;
    endedAt: number | null;
    attempts: number;
    why: string | null;
  }[];
  next: number | null;
}

export interface EventReply {
  state: string;
  why: string | null;
  payload: string | null;
  result: string | null;
  waitsFor: string | null;
}

export interface RunListReply {
  next: number | null;
  runs: { id: string; name: string; function: string; status: string; startedAt: number; endedAt: number | null }[];
}

export interface RunReply {
  id: string;
  name: string;
  status: string;
  why: string;
  calls: number;
  startedAt: number;
  endedAt: number | null;
  waitsFor: { type: string; name: string | null; dueAt: number | null; callbackId: string | null }[];
  input: string | null;
  result: string | null;
  error: { ErrorType?: string | undefined; ErrorMessage?: string | undefined } | null;
}

export interface RunHistoryReply {
  events: {
    number: number;
    at: number;
    type: string;
    operation: { id: string; name: string | null; subType: string | null } | null;
  }[];
}

export interface LogLineReply {
  at: number;
  level: string;
  text: string;
  function?: string | undefined;
  invocation?: string | undefined;
  machine?: string | undefined;
}

export interface AppBillReply {
  month: string;
  prices: { currency: string };
  bill: {
    cost: number;
    lines: { what: string; quantity: number; unit: string; cost: number }[];
    wallClock: { cost: number };
    functions: { function: string; requests: number; cost: number; wallSeconds: number }[];
    limits: { limit: string; used: number; most: number; state: string }[];
  };
}

export interface SecretNamesReply {
  names: string[];
}

export interface HostReply {
  urls: { gateway: string };
}

export interface StatusReply {
  version: string;
  pid: number;
  worker: number;
  upSince: number;
  restarts: number;
  deaths: { reason: string }[];
  driver: { name: string; detail: string; damage: string | null };
  apps: number;
  machines: number;
}

export interface TenantsReply {
  tenants: { name: string; createdAt: number | null; apps: number; appliances: number; limits: Record<string, number | null> }[];
}

export interface TenantReply {
  name: string;
  apps: number;
  appliances: number;
  limits: Record<string, number | null>;
  uses: { limit: string; used: number; most: number }[];
}

export interface CredentialReply {
  id: string;
  principal: string;
  role: string;
  tenant: string | null;
  apps: string[] | null;
  expiresAt: number | null;
  lastUsedAt: number | null;
}

export interface TokensReply {
  tokens: CredentialReply[];
}

export interface KeysReply {
  keys: CredentialReply[];
}

/** With the secret, which no other reply has. */
export interface MadeCredentialReply {
  id: string;
  principal: string;
  token?: string;
  secret?: string;
}

export interface HostDetailsReply {
  kernel: string;
  processor: string;
  cpus: number;
  load: number;
  memoryBytes: number;
  freeMemoryBytes: number;
  driver: { name: string; detail: string; damage: string | null };
  images: { id: string; names: string[]; modules: string[]; kernel: string; bytes: number; builtAt: number }[];
  templates: {
    image: string;
    memoryMb: number;
    runtime: string | null;
    kernel: string | null;
    vcpus: number | null;
    accelerator: string | null;
    bytes: number;
    madeAt: number;
    usedAt: number;
  }[];
  limits: {
    descriptors: number;
    gatewayConnections: number;
    apiConnections: number;
    outsideConnections: number;
    maxMachines: number;
    maxMemoryMb: number;
    maxVcpus: number;
  };
}

interface FolderReply {
  folder: string;
  totalBytes: number;
  freeBytes: number;
}

export interface DiskReply {
  state: FolderReply;
  cache: FolderReply;
  parts: { part: string; bytes: number; files: number; isMore: boolean }[];
  measuredAt: number | null;
  isMeasuring: boolean;
}

export interface DoctorReply {
  at: number;
  findings: { part: string; ok: boolean; detail: string; cure?: string | undefined }[];
}

export interface DemandReply {
  span: string;
  slotMs: number;
  from: number;
  arrivals: number[];
  ran: [ms: number, calls: number][];
  ranMeanMs: number;
  waited: [ms: number, calls: number][];
  binds: number;
  machineSeconds: number;
  gbSeconds: number;
  cpuSeconds: number;
  rules: {
    blanks: number;
    idleMs: number | null;
    waitWorth: number;
    cpuWorth: number;
    maxMachines: number;
    startsPerSecond: number;
    concurrency: number;
    minMachines: number;
    appMaxMachines: number;
    queue: number;
    memoryMb: number;
    vcpus: number;
  };
  machines: { startMs: number | null; bindMs: number | null };
  prices: { vcpuSecond: number; gbSecond: number; currency: string };
}

export interface AuditReply {
  lines: {
    at: number;
    principal: string | null;
    of: string | null;
    address: string;
    action: string;
    tenant: string | null;
    target: string;
    result: string;
    calls?: number | undefined;
  }[];
}

export interface InvocationReply {
  invocation: string;
  function: string;
  at: number;
  keptAs: string;
  kind: string;
  source: { kind: string; name: string | null } | null;
  attempt: number;
  outcome: string;
  error: string | null;
  status: number;
  spans: { queue: number; start: number; bind: number; run: number };
  slotMs: number | null;
  machine: string | null;
  memoryMb: number;
  number: number | null;
  branch: string | null;
  requestBytes: number;
  replyBytes: number;
  traceparent: string;
}

export interface InvocationListReply {
  rule: { perSecond: number; slowMs: number; perApp: number } | null;
  invocations: InvocationReply[];
}

export interface ShownInvocationReply {
  attempts: InvocationReply[];
  cost: {
    month: string;
    currency: string;
    calls: number;
    lines: { what: string; quantity: number; unit: string; cost: number }[];
    cost: number;
    wallClock: { seconds: number; cost: number };
  } | null;
}
