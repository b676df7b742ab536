/**
 * The management API for programs: typed calls over HTTP. Every failure is a MayflyError with the server's text. What is sent and what comes back has
 * the types of the route table, and every route of the table has a method of its name here: the client does not compile where it lacks one.
 */
import type { Readable } from "node:stream";
import { FILES_FORMAT } from "../../store/catalog/catalog.ts";
import { type UploadBundle, UnreadFiles } from "../../store/catalog/unread-files.ts";
import type { Manifest } from "../../store/catalog/manifest.ts";
import type { RecentCall } from "./call-schemas.ts";
import { type ClientOptions, createCaller, STATUS_MS } from "./caller.ts";
import type { Endpoint, Reply, RouteName, Sent } from "./endpoint.ts";

export type { ClientOptions } from "./caller.ts";

type LogsAt = "GET /v1/apps/{app}/logs";
type DeployAt = "POST /v1/apps/{app}/versions";
type PointAt = "PUT /v1/apps/{app}/aliases/{alias}";
type SetLimitsAt = "PATCH /v1/apps/{app}/limits";
type SignAt = "POST /v1/apps/{app}/signed-urls";
type RunApplianceAt = "POST /v1/appliances";

type CallAt = "POST /v1/apps/{app}/functions/{function}/call";
type AcceptAt = "POST /v1/apps/{app}/functions/{function}/events";
type EventsAt = "GET /v1/apps/{app}/events";
type QueuesAt = "GET /v1/queues";
type SendAt = "POST /v1/queues/{queue}/messages";
type RedriveAt = "POST /v1/queues/{queue}/redrive";
type BucketsAt = "GET /v1/buckets";
type ObjectsAt = "GET /v1/buckets/{bucket}/objects";
type ObjectAt = "GET /v1/buckets/{bucket}/object";
type PutObjectAt = "PUT /v1/buckets/{bucket}/object";
type KeysInAt = "GET /v1/apps/{app}/kv/{store}/keys";
type PutKeyAt = "PUT /v1/apps/{app}/kv/{store}/value";
type RunSqlAt = "POST /v1/apps/{app}/sql/{database}/query";
type CopiesAt = "GET /v1/apps/{app}/sql/{database}/copies";
type CopySqlAt = "POST /v1/apps/{app}/sql/{database}/copies";
type RestoreSqlAt = "POST /v1/apps/{app}/sql/{database}/restore";
type TriggersAt = "GET /v1/apps/{app}/triggers";
type FireAt = "POST /v1/apps/{app}/triggers/{trigger}/fire";
type RunsAt = "GET /v1/apps/{app}/runs";
type RunHistoryAt = "GET /v1/apps/{app}/runs/{run}/history";
type AnswerRunAt = "POST /v1/apps/{app}/runs/{run}/answer";
type StopRunAt = "POST /v1/apps/{app}/runs/{run}/stop";
type DeadAt = "GET /v1/apps/{app}/dead-letters";
type TokensAt = "POST /v1/tokens";
type KeysAt = "POST /v1/keys";
type AuditAt = "GET /v1/audit";
type InvocationsAt = "GET /v1/apps/{app}/invocations";
type DemandAt = "GET /v1/apps/{app}/demand";
type HistoryAt = "GET /v1/history";

type App = Reply<"GET /v1/apps/{app}">;
export type AuditLine = Reply<AuditAt>["lines"][number];
export type LogFilter = Parts<LogsAt, "params"> & Parts<LogsAt, "query">;
export type LogLine = Reply<LogsAt>["lines"][number];

/** One part of what is sent to an endpoint. */
type Parts<At extends Endpoint, Part extends keyof Sent<At>> = Sent<At>[Part];

/** Programs have tokens. */
type ForBrowsers = "openSession" | "closeSession" | "live";

export interface Client {
  /** Stores the revision and sends calls to it, or as `query` says. The same manifest and bundles give the same revision. */
  deploy(manifest: Manifest, bundles: UploadBundle[], query?: Parts<DeployAt, "query">): Promise<Reply<DeployAt>>;
  /** In the order of their names. */
  apps(): Promise<App[]>;
  /** Throws "no-such-app". */
  app(app: string): Promise<App>;
  /** Removes the app with its revisions, secrets and logs. Throws "no-such-app". */
  removeApp(app: string): Promise<void>;
  /** Sends calls to a revision that was deployed before. Throws "no-such-version". */
  pointTo(app: string, version: string | number): Promise<Reply<"PUT /v1/apps/{app}/live">>;
  /** In the order of their names. Throws "no-such-app", as the functions below do. */
  aliases(app: string): Promise<Reply<"GET /v1/apps/{app}/aliases">["aliases"]>;
  /** Creates the alias if it is new. A target without a weight has the weight 1. What is undefined stays as it is. Throws "no-such-version". */
  point(
    app: string,
    alias: string,
    targets: Parts<PointAt, "body">["targets"],
    settings?: Omit<Parts<PointAt, "body">, "targets">,
  ): Promise<Reply<PointAt>>;
  /** Throws "no-such-alias". */
  removeAlias(app: string, alias: string): Promise<void>;
  /** @param revision by default that of the canary, or the newest one that gets calls */
  promote(app: string, revision?: string | number): Promise<Reply<"POST /v1/apps/{app}/promote">>;
  /** Throws "no-revision-before". */
  rollback(app: string): Promise<Reply<"POST /v1/apps/{app}/rollback">>;
  /** May be called before the app's first deploy. */
  setSecret(app: string, name: string, value: string): Promise<void>;
  removeSecret(app: string, name: string): Promise<void>;
  secretNames(app: string): Promise<string[]>;
  /** Throws "no-such-app" and "no-such-function". */
  signUrl(app: string, request: Parts<SignAt, "body">): Promise<Reply<SignAt>>;
  /** URLs that were signed for the app before are refused from then on. Throws "no-such-app". */
  rotateSigningKey(app: string): Promise<void>;
  machines(): Promise<Reply<"GET /v1/machines">["machines"]>;
  /** In Prometheus's text format. Throws "no-metrics". */
  metrics(): Promise<string>;
  metricFamilies(): Promise<Reply<"GET /v1/metrics/families">["families"]>;
  /** Why the machine was started, bound, drained and killed; empty if nobody knows it. */
  explainMachine(machine: string): Promise<Reply<"GET /v1/machines/{machine}/decisions">["decisions"]>;
  /** @param limit the most decisions, the newest ones: at most 500, by default 100. Throws "no-such-app". */
  explain(app: string, limit?: number): Promise<Reply<"GET /v1/apps/{app}/explain">>;
  /** Oldest first. */
  logs(filter: LogFilter): Promise<LogLine[]>;
  /** Gives the tail, then new lines as they are written, until the signal is aborted or the server ends. */
  followLogs(filter: LogFilter, signal?: AbortSignal): AsyncGenerator<LogLine, void>;
  /** Calls that are over, the newest first: those that failed or were slow, and a sample of the others. Throws "no-such-app". */
  invocations(app: string, query: Parts<InvocationsAt, "query">): Promise<Reply<InvocationsAt>>;
  /** Throws "no-such-app" and "no-such-invocation". */
  invocation(app: string, invocation: string): Promise<Reply<"GET /v1/apps/{app}/invocations/{invocation}">>;
  /** Of a server that apps are developed on, as the four functions after it: the newest first. Throws "not-in-development". */
  recentCalls(app: string): Promise<Reply<"GET /v1/apps/{app}/calls">["calls"]>;
  /** Gives calls as they end, until the signal is aborted or the server ends. */
  followCalls(app: string, signal?: AbortSignal): AsyncGenerator<RecentCall, void>;
  /** Throws "no-such-call", and what the function fails with. */
  replayCall(app: string, invocation: string): Promise<Reply<"POST /v1/apps/{app}/calls/{invocation}/replay">>;
  holdCalls(app: string, forMs: number): Promise<void>;
  releaseCalls(app: string): Promise<void>;
  /** @param month such as "2026-11", in UTC; the default is the present one */
  bill(month?: string): Promise<Reply<"GET /v1/bill">>;
  /** Throws "no-such-app" if the app is not deployed and used nothing in the month. */
  appBill(app: string, month?: string): Promise<Reply<"GET /v1/apps/{app}/bill">>;
  limits(app: string): Promise<Reply<"GET /v1/apps/{app}/limits">>;
  /** The limits of every app that has any, deployed or not. */
  allLimits(): Promise<Reply<"GET /v1/limits">>;
  /** A limit that is absent from `changes` stays as it is; null lifts it. May be called before the app's first deploy. */
  setLimits(app: string, changes: Parts<SetLimitsAt, "body">): Promise<Reply<SetLimitsAt>>;
  /** Makes the appliance and starts it. Throws "name-taken", "no-such-image", "bad-appliance", "port-in-use", "machine-start-failed". */
  runAppliance(spec: Parts<RunApplianceAt, "body">): Promise<Reply<RunApplianceAt>>;
  appliances(): Promise<Reply<"GET /v1/appliances">["appliances"]>;
  /** Throws "no-such-appliance", as the functions below do. */
  startAppliance(name: string): Promise<Reply<"POST /v1/appliances/{appliance}/start">>;
  stopAppliance(name: string): Promise<Reply<"POST /v1/appliances/{appliance}/stop">>;
  removeAppliance(name: string, disks: "keep" | "remove"): Promise<void>;
  /** Durable executions, the newest first. */
  runs(app: string, query: Parts<RunsAt, "query">): Promise<Reply<RunsAt>>;
  /** @param run its id or its name. Throws "no-such-execution", as the functions below do. */
  run(app: string, run: string): Promise<Reply<"GET /v1/apps/{app}/runs/{run}">>;
  runHistory(app: string, run: string, query: Parts<RunHistoryAt, "query">): Promise<Reply<RunHistoryAt>>;
  /** Completes a callback. Throws "no-such-callback". */
  answerRun(app: string, run: string, answer: Parts<AnswerRunAt, "body">): Promise<Reply<AnswerRunAt>>;
  stopRun(app: string, run: string, error?: Parts<StopRunAt, "body">["error"]): Promise<void>;
  /** In the order of their names, a page at a time. */
  buckets(query: Parts<BucketsAt, "query">): Promise<Reply<BucketsAt>["buckets"]>;
  /** Throws "bucket-taken", "object-storage-full". */
  createBucket(name: string): Promise<Reply<"POST /v1/buckets">>;
  /** @param name or `<app>:<name>`, here and below. Throws "no-such-bucket", as the functions below do. */
  bucket(name: string): Promise<Reply<"GET /v1/buckets/{bucket}">>;
  /** Throws "bucket-not-empty", or with `force`, which removes what is in it, "object-protected". */
  removeBucket(name: string, force: boolean): Promise<void>;
  /** In the order of their keys, a page at a time. */
  objects(name: string, query: Parts<ObjectsAt, "query">): Promise<Reply<ObjectsAt>>;
  /** The content. Throws "no-such-object", and "connection-lost" where the content ends before its end. */
  object(name: string, query: Parts<ObjectAt, "query">): Promise<AsyncIterable<Uint8Array>>;
  /** Resolves when it is on the server's disk. Throws "object-storage-full". */
  putObject(name: string, query: Parts<PutObjectAt, "query">, content: Readable): Promise<Reply<PutObjectAt>>;
  removeObject(name: string, key: string): Promise<void>;
  /** In the order of their names, a page at a time. */
  queues(query: Parts<QueuesAt, "query">): Promise<Reply<QueuesAt>["queues"]>;
  /** Throws "queue-exists", "too-many-queues". */
  createQueue(queue: Parts<"POST /v1/queues", "body">): Promise<Reply<"POST /v1/queues">>;
  /** Throws "no-such-queue", as the functions below do. */
  queue(name: string): Promise<Reply<"GET /v1/queues/{queue}">>;
  removeQueue(name: string): Promise<void>;
  /** @param apps names of those that may use it besides its own, from then on */
  shareQueue(name: string, apps: string[]): Promise<Reply<"PUT /v1/queues/{queue}/sharing">>;
  /** Resolves when the message is on the server's disk. */
  sendToQueue(name: string, message: Parts<SendAt, "body">): Promise<Reply<SendAt>>;
  peekQueue(name: string, limit: number): Promise<Reply<"GET /v1/queues/{queue}/messages">["messages"]>;
  purgeQueue(name: string): Promise<{ count: number }>;
  /** Throws "move-under-way". */
  redriveQueue(name: string, request: Parts<RedriveAt, "body">): Promise<Reply<RedriveAt>>;
  keyValueStores(app: string): Promise<Reply<"GET /v1/apps/{app}/kv">["stores"]>;
  /** In the order of their bytes, a page at a time. */
  keyValues(app: string, store: string, query: Parts<KeysInAt, "query">): Promise<Reply<KeysInAt>>;
  /** Throws "no-such-key". */
  keyValue(app: string, store: string, key: string): Promise<Reply<"GET /v1/apps/{app}/kv/{store}/value">>;
  /** Resolves when it is on the server's disk. Throws "kv-conflict", "kv-full", "kv-too-large". */
  putKeyValue(app: string, store: string, key: string, entry: Parts<PutKeyAt, "body">): Promise<Reply<PutKeyAt>>;
  removeKeyValue(app: string, store: string, key: string): Promise<void>;
  removeKeyValueStore(app: string, store: string): Promise<void>;
  sqlDatabases(app: string): Promise<Reply<"GET /v1/apps/{app}/sql">["databases"]>;
  /** Throws "sql-error", "sql-timeout", "sql-too-large", "sql-full", "no-such-copy". */
  runSql(app: string, database: string, request: Parts<RunSqlAt, "body">): Promise<Reply<RunSqlAt>["results"]>;
  /** The newest first. */
  sqlCopies(app: string, database: string): Promise<Reply<CopiesAt>["copies"]>;
  copySql(app: string, database: string): Promise<Reply<CopySqlAt>>;
  /** Throws "no-such-copy" and "sql-exists". */
  restoreSql(app: string, database: string, request: Parts<RestoreSqlAt, "body">): Promise<Reply<RestoreSqlAt>>;
  removeSql(app: string, database: string): Promise<void>;
  /** Calls the function as the gateway would. An error in place of its answer is a reply, too. */
  callFunction(app: string, name: string, request: Parts<CallAt, "body">): Promise<Reply<CallAt>>;
  /** Resolves when the event is on the server's disk. Throws "no-such-app", "no-such-function", "too-many-events". */
  acceptEvent(app: string, name: string, event: Parts<AcceptAt, "body">): Promise<Reply<AcceptAt>>;
  pauseEvents(app: string, name: string, paused: boolean): Promise<void>;
  /** The newest first, a page at a time. */
  events(app: string, query: Parts<EventsAt, "query">): Promise<Reply<EventsAt>>;
  /** Throws "no-such-event", as the functions below do. */
  event(app: string, id: string): Promise<Reply<"GET /v1/apps/{app}/events/{event}">>;
  cancelEvent(app: string, id: string): Promise<void>;
  retryEvent(app: string, id: string): Promise<void>;
  /** In the order of their names. */
  triggers(app: string): Promise<Reply<TriggersAt>["triggers"]>;
  /** Throws "no-such-trigger", as pauseTrigger() does. */
  fireTrigger(app: string, trigger: string, payload: Parts<FireAt, "body">): Promise<Reply<FireAt>>;
  pauseTrigger(app: string, trigger: string, paused: boolean): Promise<void>;
  deadLetters(app: string, query: Parts<DeadAt, "query">): Promise<Reply<DeadAt>>;
  /** @param ids none: all of the app */
  redriveDeadLetters(app: string, ids: string[]): Promise<{ count: number }>;
  purgeDeadLetters(app: string, ids: string[]): Promise<{ count: number }>;
  /** Whose token the client has. */
  principal(): Promise<Reply<"GET /v1/principal">>;
  tenants(): Promise<Reply<"GET /v1/tenants">["tenants"]>;
  /** Throws "no-such-tenant", as the functions below do. */
  tenant(name: string): Promise<Reply<"GET /v1/tenants/{tenant}">>;
  /** Throws "name-taken". */
  createTenant(name: string): Promise<Reply<"POST /v1/tenants">>;
  /** A limit that is absent from `changes` stays as it is; null lifts it. */
  limitTenant(
    name: string,
    changes: Parts<"PATCH /v1/tenants/{tenant}/limits", "body">,
  ): Promise<Reply<"PATCH /v1/tenants/{tenant}/limits">>;
  /** Throws "tenant-not-empty" unless `force`, which removes all that the tenant has. */
  removeTenant(name: string, force: boolean): Promise<void>;
  tokens(): Promise<Reply<"GET /v1/tokens">["tokens"]>;
  /** The reply has the token, which is never shown again. */
  createToken(request: Parts<TokensAt, "body">): Promise<Reply<TokensAt>>;
  /** Throws "no-such-credential". */
  revokeToken(id: string): Promise<void>;
  keys(): Promise<Reply<"GET /v1/keys">["keys"]>;
  /** The reply has the secret, which is never shown again. */
  createKey(request: Parts<KeysAt, "body">): Promise<Reply<KeysAt>>;
  revokeKey(id: string): Promise<void>;
  /** Oldest first. */
  audit(query: Parts<AuditAt, "query">): Promise<AuditLine[]>;
  /** Gives the newest lines, then new ones as they are written, until the signal is aborted or the server ends. */
  followAudit(query: Parts<"GET /v1/audit/follow", "query">, signal?: AbortSignal): AsyncGenerator<AuditLine, void>;
  /** What the dashboard plots. */
  history(span: Parts<HistoryAt, "query">["span"]): Promise<Reply<HistoryAt>>;
  /** Throws "no-such-app". */
  appHistory(app: string, span: Parts<HistoryAt, "query">["span"]): Promise<Reply<HistoryAt>>;
  /** When calls arrived and how long they ran, for the simulator. Throws "no-such-app". */
  demand(app: string, span: Parts<DemandAt, "query">["span"]): Promise<Reply<DemandAt>>;
  /** What was spent this month, in sums. */
  spend(): Promise<Reply<"GET /v1/spend">>;
  host(): Promise<Reply<"GET /v1/host">>;
  /** For operators alone, as the two functions below. */
  hostDetails(): Promise<Reply<"GET /v1/host/details">>;
  disk(): Promise<Reply<"GET /v1/host/disk">>;
  /** @param again whether it looks again, if it has looked before */
  doctor(again: boolean): Promise<Reply<"GET /v1/host/doctor">>;
  status(): Promise<Reply<"GET /v1/status">>;
  /** Resolves when the API answers; needs no token. Throws "api-unreachable". */
  health(): Promise<void>;
}

export function createClient(options: ClientOptions): Client {
  const { bytes, call, text, lines } = createCaller(options);
  const client = {
    deploy: async (manifest, bundles, query = {}) =>
      call("POST /v1/apps/{app}/versions", { params: { app: manifest.name }, query, form: await deployForm(manifest, bundles) }),
    apps: () => allPages((after) => call("GET /v1/apps", { query: { limit: 200, after } })),
    app: (app) => call("GET /v1/apps/{app}", { params: { app } }),
    removeApp: (app) => call("DELETE /v1/apps/{app}", { params: { app } }),
    pointTo: (app, version) => call("PUT /v1/apps/{app}/live", { params: { app }, body: { version } }),
    aliases: async (app) => (await call("GET /v1/apps/{app}/aliases", { params: { app } })).aliases,
    point: (app, alias, targets, settings = {}) =>
      call("PUT /v1/apps/{app}/aliases/{alias}", { params: { app, alias }, body: { targets, ...settings } }),
    removeAlias: (app, alias) => call("DELETE /v1/apps/{app}/aliases/{alias}", { params: { app, alias } }),
    promote: (app, revision) => call("POST /v1/apps/{app}/promote", { params: { app }, body: revision === undefined ? {} : { revision } }),
    rollback: (app) => call("POST /v1/apps/{app}/rollback", { params: { app } }),
    setSecret: (app, name, value) => call("PUT /v1/apps/{app}/secrets/{name}", { params: { app, name }, body: { value } }),
    removeSecret: (app, name) => call("DELETE /v1/apps/{app}/secrets/{name}", { params: { app, name } }),
    secretNames: async (app) => (await call("GET /v1/apps/{app}/secrets", { params: { app } })).names,
    signUrl: (app, request) => call("POST /v1/apps/{app}/signed-urls", { params: { app }, body: request }),
    rotateSigningKey: (app) => call("POST /v1/apps/{app}/signing-key", { params: { app } }),
    machines: async () => (await call("GET /v1/machines", {})).machines,
    metrics: () => text("GET /v1/metrics", {}),
    metricFamilies: async () => (await call("GET /v1/metrics/families", {})).families,
    explainMachine: async (machine) => (await call("GET /v1/machines/{machine}/decisions", { params: { machine } })).decisions,
    explain: (app, limit = 100) => call("GET /v1/apps/{app}/explain", { params: { app }, query: { limit } }),
    logs: async ({ app, ...query }) => (await call("GET /v1/apps/{app}/logs", { params: { app }, query })).lines,
    followLogs: ({ app, ...query }, signal) => lines<LogLine>("GET /v1/apps/{app}/logs/follow", { params: { app }, query }, signal),
    invocations: (app, query) => call("GET /v1/apps/{app}/invocations", { params: { app }, query }),
    invocation: (app, invocation) => call("GET /v1/apps/{app}/invocations/{invocation}", { params: { app, invocation } }),
    recentCalls: async (app) => (await call("GET /v1/apps/{app}/calls", { params: { app } })).calls,
    followCalls: (app, signal) => lines<RecentCall>("GET /v1/apps/{app}/calls/follow", { params: { app } }, signal),
    replayCall: (app, invocation) => call("POST /v1/apps/{app}/calls/{invocation}/replay", { params: { app, invocation } }),
    holdCalls: (app, forMs) => call("PUT /v1/apps/{app}/hold", { params: { app }, body: { forMs } }),
    releaseCalls: (app) => call("DELETE /v1/apps/{app}/hold", { params: { app } }),
    bill: (month) => call("GET /v1/bill", { query: { month } }),
    appBill: (app, month) => call("GET /v1/apps/{app}/bill", { params: { app }, query: { month } }),
    limits: (app) => call("GET /v1/apps/{app}/limits", { params: { app } }),
    allLimits: () => call("GET /v1/limits", {}),
    setLimits: (app, changes) => call("PATCH /v1/apps/{app}/limits", { params: { app }, body: changes }),
    runAppliance: (spec) => call("POST /v1/appliances", { body: spec }),
    appliances: async () => (await call("GET /v1/appliances", {})).appliances,
    startAppliance: (appliance) => call("POST /v1/appliances/{appliance}/start", { params: { appliance } }),
    stopAppliance: (appliance) => call("POST /v1/appliances/{appliance}/stop", { params: { appliance } }),
    removeAppliance: (appliance, disks) => call("DELETE /v1/appliances/{appliance}", { params: { appliance }, query: { disks } }),
    callFunction: (app, name, request) =>
      call("POST /v1/apps/{app}/functions/{function}/call", { params: { app, function: name }, body: request }),
    acceptEvent: (app, name, event) =>
      call("POST /v1/apps/{app}/functions/{function}/events", { params: { app, function: name }, body: event }),
    pauseEvents: (app, name, paused) =>
      call("PUT /v1/apps/{app}/functions/{function}/events/paused", { params: { app, function: name }, body: { paused } }),
    events: (app, query) => call("GET /v1/apps/{app}/events", { params: { app }, query }),
    event: (app, event) => call("GET /v1/apps/{app}/events/{event}", { params: { app, event } }),
    cancelEvent: (app, event) => call("DELETE /v1/apps/{app}/events/{event}", { params: { app, event } }),
    retryEvent: (app, event) => call("POST /v1/apps/{app}/events/{event}/retry", { params: { app, event } }),
    triggers: async (app) => (await call("GET /v1/apps/{app}/triggers", { params: { app } })).triggers,
    fireTrigger: (app, trigger, payload) =>
      call("POST /v1/apps/{app}/triggers/{trigger}/fire", { params: { app, trigger }, body: payload }),
    pauseTrigger: (app, trigger, paused) =>
      call("PUT /v1/apps/{app}/triggers/{trigger}/paused", { params: { app, trigger }, body: { paused } }),
    deadLetters: (app, query) => call("GET /v1/apps/{app}/dead-letters", { params: { app }, query }),
    redriveDeadLetters: (app, ids) => call("POST /v1/apps/{app}/dead-letters/redrive", { params: { app }, body: chosen(ids) }),
    purgeDeadLetters: (app, ids) => call("POST /v1/apps/{app}/dead-letters/purge", { params: { app }, body: chosen(ids) }),
    runs: (app, query) => call("GET /v1/apps/{app}/runs", { params: { app }, query }),
    run: (app, run) => call("GET /v1/apps/{app}/runs/{run}", { params: { app, run } }),
    runHistory: (app, run, query) => call("GET /v1/apps/{app}/runs/{run}/history", { params: { app, run }, query }),
    answerRun: (app, run, answer) => call("POST /v1/apps/{app}/runs/{run}/answer", { params: { app, run }, body: answer }),
    stopRun: (app, run, error) =>
      call("POST /v1/apps/{app}/runs/{run}/stop", { params: { app, run }, body: error === undefined ? {} : { error } }),
    buckets: async (query) => (await call("GET /v1/buckets", { query })).buckets,
    createBucket: (name) => call("POST /v1/buckets", { body: { name } }),
    bucket: (bucket) => call("GET /v1/buckets/{bucket}", { params: { bucket } }),
    removeBucket: (bucket, force) =>
      call("DELETE /v1/buckets/{bucket}", { params: { bucket }, query: { force: force ? "true" : "false" } }),
    objects: (bucket, query) => call("GET /v1/buckets/{bucket}/objects", { params: { bucket }, query }),
    object: (bucket, query) => bytes("GET /v1/buckets/{bucket}/object", { params: { bucket }, query }),
    putObject: (bucket, query, content) => call("PUT /v1/buckets/{bucket}/object", { params: { bucket }, query, content }),
    removeObject: (bucket, key) => call("DELETE /v1/buckets/{bucket}/object", { params: { bucket }, query: { key } }),
    queues: async (query) => (await call("GET /v1/queues", { query })).queues,
    createQueue: (queue) => call("POST /v1/queues", { body: queue }),
    queue: (queue) => call("GET /v1/queues/{queue}", { params: { queue } }),
    removeQueue: (queue) => call("DELETE /v1/queues/{queue}", { params: { queue } }),
    shareQueue: (queue, apps) => call("PUT /v1/queues/{queue}/sharing", { params: { queue }, body: { apps } }),
    sendToQueue: (queue, message) => call("POST /v1/queues/{queue}/messages", { params: { queue }, body: message }),
    peekQueue: async (queue, limit) => (await call("GET /v1/queues/{queue}/messages", { params: { queue }, query: { limit } })).messages,
    purgeQueue: (queue) => call("DELETE /v1/queues/{queue}/messages", { params: { queue } }),
    redriveQueue: (queue, request) => call("POST /v1/queues/{queue}/redrive", { params: { queue }, body: request }),
    keyValueStores: async (app) => (await call("GET /v1/apps/{app}/kv", { params: { app } })).stores,
    keyValues: (app, store, query) => call("GET /v1/apps/{app}/kv/{store}/keys", { params: { app, store }, query }),
    keyValue: (app, store, key) => call("GET /v1/apps/{app}/kv/{store}/value", { params: { app, store }, query: { key } }),
    putKeyValue: (app, store, key, entry) =>
      call("PUT /v1/apps/{app}/kv/{store}/value", { params: { app, store }, query: { key }, body: entry }),
    removeKeyValue: (app, store, key) => call("DELETE /v1/apps/{app}/kv/{store}/value", { params: { app, store }, query: { key } }),
    removeKeyValueStore: (app, store) => call("DELETE /v1/apps/{app}/kv/{store}", { params: { app, store } }),
    sqlDatabases: async (app) => (await call("GET /v1/apps/{app}/sql", { params: { app } })).databases,
    runSql: async (app, database, request) =>
      (await call("POST /v1/apps/{app}/sql/{database}/query", { params: { app, database }, body: request })).results,
    sqlCopies: async (app, database) => (await call("GET /v1/apps/{app}/sql/{database}/copies", { params: { app, database } })).copies,
    copySql: (app, database) => call("POST /v1/apps/{app}/sql/{database}/copies", { params: { app, database } }),
    restoreSql: (app, database, request) =>
      call("POST /v1/apps/{app}/sql/{database}/restore", { params: { app, database }, body: request }),
    removeSql: (app, database) => call("DELETE /v1/apps/{app}/sql/{database}", { params: { app, database } }),
    principal: () => call("GET /v1/principal", {}),
    tenants: async () => (await call("GET /v1/tenants", {})).tenants,
    tenant: (tenant) => call("GET /v1/tenants/{tenant}", { params: { tenant } }),
    createTenant: (name) => call("POST /v1/tenants", { body: { name } }),
    limitTenant: (tenant, changes) => call("PATCH /v1/tenants/{tenant}/limits", { params: { tenant }, body: changes }),
    removeTenant: (tenant, force) =>
      call("DELETE /v1/tenants/{tenant}", { params: { tenant }, query: { force: force ? "true" : "false" } }),
    tokens: async () => (await call("GET /v1/tokens", {})).tokens,
    createToken: (request) => call("POST /v1/tokens", { body: request }),
    revokeToken: (token) => call("DELETE /v1/tokens/{token}", { params: { token } }),
    keys: async () => (await call("GET /v1/keys", {})).keys,
    createKey: (request) => call("POST /v1/keys", { body: request }),
    revokeKey: (key) => call("DELETE /v1/keys/{key}", { params: { key } }),
    audit: async (query) => (await call("GET /v1/audit", { query })).lines,
    followAudit: (query, signal) => lines<AuditLine>("GET /v1/audit/follow", { query }, signal),
    history: (span) => call("GET /v1/history", { query: { span } }),
    appHistory: (app, span) => call("GET /v1/apps/{app}/history", { params: { app }, query: { span } }),
    demand: (app, span) => call("GET /v1/apps/{app}/demand", { params: { app }, query: { span } }),
    spend: () => call("GET /v1/spend", {}),
    host: () => call("GET /v1/host", {}),
    hostDetails: () => call("GET /v1/host/details", {}),
    disk: () => call("GET /v1/host/disk", {}),
    doctor: (again) => call("GET /v1/host/doctor", { query: { again: again ? "true" : "false" } }),
    status: () => call("GET /v1/status", {}, AbortSignal.timeout(STATUS_MS)),
    health: async () => void (await call("GET /v1/health", {})),
  } satisfies Client & Record<Exclude<RouteName, ForBrowsers>, unknown>;
  return client;
}

function chosen(ids: string[]): { ids?: string[] } {
  return ids.length === 0 ? {} : { ids };
}

async function allPages(page: (after: string) => Promise<Reply<"GET /v1/apps">>): Promise<App[]> {
  const all: App[] = [];
  for (let after: string | null = ""; after !== null;) {
    const { apps, next }: Reply<"GET /v1/apps"> = await page(after);
    all.push(...apps);
    after = next;
  }
  return all;
}

/** The file name of a function's code says its format. */
const extensions: Partial<Record<UploadBundle["format"], string>> = {
  cjs: "cjs",
  esm: "mjs",
  python: "py",
  java: "jar",
  provided: "provided",
  server: "server",
};

/** The form has a part "manifest" (JSON), for each function a part "functions" with a file name such as hello.cjs, and a part "files" if there are any. */
async function deployForm(manifest: Manifest, bundles: UploadBundle[]): Promise<FormData> {
  const form = new FormData();
  form.set("manifest", JSON.stringify(manifest));
  for (const { function: name, format, code } of bundles) {
    const bytes = [code instanceof UnreadFiles ? await code.blob() : (code as Uint8Array<ArrayBuffer>)];
    if (format === FILES_FORMAT) {
      form.set("files", new Blob(bytes), "files");
      continue;
    }
    form.append("functions", new Blob(bytes), `${name}.${extensions[format]}`);
  }
  return form;
}
