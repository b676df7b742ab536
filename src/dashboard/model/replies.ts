/**
 * The replies of the API of which pages show something. They are written down here, and not taken from the API's own types, because those need Node's; a test holds the
 * two against each other (src/doors/dashboard/replies.test.ts).
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
