/** What the management API needs. */
import type { Appliances } from "../../appliances/appliances.ts";
import type { WrongCredentials } from "../../clients/wrong-credentials.ts";
import type { Catalog } from "../../store/catalog/catalog.ts";
import type { FairTurns } from "../../clients/fair-turns.ts";
import type { Shares } from "../../clients/shares.ts";
import type { Clock } from "../../base/clock/clock.ts";
import type { LambdaStore } from "../../store/lambda/lambda-store.ts";
import type { OpenAccounts } from "../../store/ledger/create-accounts.ts";
import type { History } from "../../store/history/history.ts";
import type { Invocations } from "../../store/invocations/kept-invocations.ts";
import type { Logs } from "../../store/logs/logs.ts";
import type { CalleeParts } from "../../control/event-callees.ts";
import type { Triggers } from "../../events/triggers/triggers.ts";
import type { Events } from "../../events/events.ts";
import type { Executions } from "../../durable/executions.ts";
import type { Objects } from "../../services/objects/objects.ts";
import type { KeyValues } from "../../services/kv/kv.ts";
import type { SqlDatabases } from "../../services/sql/sql.ts";
import type { Overview } from "../../control/overview.ts";
import type { DemandParts } from "../../control/demand.ts";
import type { HostReport } from "../../control/host-report.ts";
import type { Queues } from "../../services/queues/queues.ts";
import type { Audit } from "../../store/audit/audit.ts";
import type { Dispatcher } from "../../dispatch/invocation.ts";
import type { RecentCalls } from "../../recent-calls/recent-calls.ts";
import type { Principals } from "../../store/principals/principal.ts";
import type { EventStream } from "../../telemetry/event-stream.ts";
import type { TraceContexts } from "../../telemetry/trace-context.ts";
import type { Serving } from "../../control/serving.ts";
import type { Metrics } from "../../telemetry/metrics/open-metrics.ts";
import type { Sessions } from "./sessions.ts";

export interface ApiOptions {
  catalog: Catalog;
  /** What the Lambda API keeps goes with apps and tenants. */
  lambda: Pick<LambdaStore, "removeTenant">;
  objects: Objects;
  queues: Queues;
  logs: Logs;
  accounts: OpenAccounts;
  /** What the dashboard plots. */
  history: Pick<History, "course">;
  /** What calls were like that are over. Default: nothing is kept. */
  invocations?: Invocations;
  /** What the simulator is asked about. */
  demand: DemandParts;
  serving: Serving;
  overview: Overview;
  hostReport: HostReport;
  /** Null, which is the default: there are none. */
  metrics?: Metrics | null;
  appliances: Appliances;
  /** Receives deploys, changes of aliases, removals and changes of secrets. */
  events: EventStream;
  /** Who may call, by the tokens that were made. */
  principals: Principals;
  /** Receives a line for each call. */
  audit: Audit;
  /** For the requests that are under way, of which no tenant has all that there may be. Default: there may be any number. */
  places?: Shares;
  /** How many wrong tokens come from each address. Default: those of this API alone. */
  wrong?: WrongCredentials;
  /** For requests: what they look up holds up everything else. */
  turns?: FairTurns;
  /** Calls that are run later, and what starts functions besides calls. */
  durable: {
    events: Events;
    triggers: Triggers;
    triggersSettled: () => Promise<void>;
    applyTriggers: (app: string) => Promise<void>;
    callees: CalleeParts;
  };
  /** Key-value stores. */
  kv: KeyValues;
  /** SQL databases. */
  sql: SqlDatabases;
  /** Durable executions. */
  runs: Executions;
  /** Takes calls of functions, those of durable ones, too. */
  dispatcher: Dispatcher;
  /** Default: new traces are not recorded. */
  traces?: TraceContexts | undefined;
  /** Default: apps are not developed on this server. */
  recentCalls?: RecentCalls | undefined;
  clock?: Clock;
  /** Called with failures that are not the caller's fault, for the server's own log. */
  onError: (error: unknown) => void;
}

/** What the handlers use. */
export type Parts = Required<ApiOptions> & { sessions: Sessions };
