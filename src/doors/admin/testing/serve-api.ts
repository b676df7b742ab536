/** A real API on a free port, over a catalog, logs and a ledger in a folder of its own. */
import type { Reached } from "../../../control/served-apps.ts";
import { createHostReport } from "../../../control/host-report.ts";
import type { Events } from "../../../events/events.ts";
import type { DatabaseSync } from "node:sqlite";
import { World } from "../../../durable/testing/world.ts";
import { openContentFiles } from "../../../services/objects/content/content-files.ts";
import { objectsOver } from "../../../services/objects/objects-over.ts";
import { engine as objectsEngine, type ObjectOperations } from "../../../services/objects/store/engine.ts";
import { MayflyError } from "../../../base/errors/error.ts";
import type { SqlDatabases } from "../../../services/sql/sql.ts";
import type { KeyValues } from "../../../services/kv/kv.ts";
import { type KvOperations, engine as kvEngine } from "../../../services/kv/store/engine.ts";
import { type ReadOperations, readOperations } from "../../../services/kv/store/read.ts";
import { SqliteKeyValues } from "../../../services/kv/sqlite-key-values.ts";
import { eventsOver } from "../../../events/events-over.ts";
import type { Triggers } from "../../../events/triggers/triggers.ts";
import { triggersOver } from "../../../events/triggers/triggers-over.ts";
import { Runner } from "../../../events/runner.ts";
import { engine } from "../../../events/store/engine.ts";
import { InlineCommit } from "../../../store/group-commit/testing/inline-commit.ts";
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Appliances, openAppliances } from "../../../appliances/appliances.ts";
import { openDefinitions } from "../../../appliances/definitions.ts";
import { mainTenant } from "../../../base/ids/new-id.ts";
import type { Bundle, Catalog, Target } from "../../../store/catalog/catalog.ts";
import { type Manifest, manifestSchema } from "../../../store/catalog/manifest.ts";
import { openSeal } from "../../../store/catalog/seal.ts";
import { openCatalog } from "../../../store/catalog/sqlite.ts";
import type { WrongCredentials } from "../../../clients/wrong-credentials.ts";
import { systemClock } from "../../../base/clock/clock.ts";
import { createEgress } from "../../../egress/create-egress.ts";
import { createLedger } from "../../../store/ledger/create-ledger.ts";
import { createQemuHost } from "../../../machines/host/qemu/qemu-host.ts";
import { createUids } from "../../../base/uids/uids.ts";
import { createAccounts, type OpenAccounts } from "../../../store/ledger/create-accounts.ts";
import { defaultPrices } from "../../../base/config/prices.ts";
import { EventStream } from "../../../telemetry/event-stream.ts";
import type { Queues } from "../../../services/queues/queues.ts";
import type { LambdaStore } from "../../../store/lambda/lambda-store.ts";
import { openLambdaStore } from "../../../store/lambda/open-lambda-store.ts";
import { World as QueuesWorld } from "../../../services/queues/testing/world.ts";
import { RouteTable } from "../../http/routes.ts";
import { openInvocations } from "../../../store/invocations/open-invocations.ts";
import { createHistory } from "../../../store/history/history.ts";
import type { Logs } from "../../../store/logs/logs.ts";
import { openLogs } from "../../../store/logs/open-logs.ts";
import type { Audit } from "../../../store/audit/audit.ts";
import { openAudit } from "../../../store/audit/open-audit.ts";
import { openPrincipals } from "../../../store/principals/open-principals.ts";
import type { Principals } from "../../../store/principals/principal.ts";
import { type Client, createClient } from "../client.ts";
import { type Api, createApi } from "../create-api.ts";
import type { Listening } from "../listen.ts";
import type { Dispatcher } from "../../../dispatch/invocation.ts";
import type { Decision } from "../../../dispatch/live-dispatcher.ts";
import type { HostInfo, MachineInfo } from "../schemas.ts";

export const token = "correct-horse-battery";
export const hostInfo: HostInfo = {
  version: "0.1.0",
  pid: 1,
  uptimeMs: 5,
  driver: { name: "process", detail: "by name" },
  urls: { gateway: "http://127.0.0.1:8080", api: "http://127.0.0.1:7070" },
};
export const machine: MachineInfo = {
  id: "m1",
  app: "shop",
  revision: 1,
  driver: "process",
  kind: { kernel: "linux", runtime: "node", memoryMb: 256, vcpus: 1 },
  state: "bound",
  slots: { used: 1, total: 100 },
  memoryBytes: 1,
  cpuUs: 2,
  ageMs: 3,
};

export const decisions: Decision[] = [
  {
    at: 1_000,
    machine: "m1",
    what: "start",
    reason: { kind: "calls-waiting", waiting: 1, slots: 0 },
    why: "1 waiting",
    ageMs: 0,
    invocations: 0,
  },
  { at: 9_000, machine: "m1", what: "kill", reason: { kind: "idle-fixed", ms: 2_000 }, why: "idle for 2 s", ageMs: 8_000, invocations: 3 },
];

export interface ServedApi {
  /** The folder of its files. */
  dir: string;
  catalog: Catalog;
  logs: Logs;
  accounts: OpenAccounts;
  api: Api;
  server: Listening;
  client: Client;
  /** What the platform was asked to do. */
  told: (string | TargetsToTell)[];
  /** The id of the app of this name; it gets one if it has none. */
  id: (name: string) => string;
  /** Resolves when a follower of the logs has stopped. */
  released: Promise<void>;
  appliances: Appliances;
  lambda: LambdaStore;
  queues: Queues;
  principals: Principals;
  audit: Audit;
  /** What the platform waits for: while it prepares machines of a size, and until an app's machines are gone. */
  waits: { prepare: () => Promise<void>; removed: () => Promise<void> };
  events: EventStream;
  /** Errors that the API did not expect. A test that causes some must remove them. */
  failures: unknown[];
  /** Fails if the API met an error that it did not expect. */
  close(): Promise<void>;
}

/** The numbers of revisions, with their weights. */
interface TargetsToTell {
  app: string;
  targets: [number: number, weight: number][];
}

/** Events and triggers that are stored in memory, and that nobody carries out. */
function storedEvents(): { events: Events; triggers: Triggers } {
  const commit = new InlineCommit(engine);
  const runner = new Runner({
    commit,
    performers: new Map(),
    clock: systemClock,
    tenantOf: () => mainTenant,
    chance: () => 1,
    most: 10,
    resultBytes: 1_000,
    tell: () => {},
    onFailure: (error) => assert.fail(String(error)),
  });
  const most = { events: 100, bytes: 2 ** 20 };
  const now = () => systemClock.wall();
  const triggers = triggersOver({ commit, runner, triggerClock: { expect: () => {} }, most, now, chance: () => 0, changed: () => {} });
  return { events: eventsOver(commit, runner, most, now), triggers };
}

/** The revision of `live` that gets most calls, whatever is asked for. */
function reachIn(catalog: Catalog): (app: string) => Reached | undefined {
  return (app) => {
    const [target] = catalog.live(app).toSorted((one, other) => other.weight - one.weight);
    return target && { branch: undefined, revision: target.revision, sticky: null };
  };
}

interface ServeApiOptions {
  /** How many wrong tokens come from each address, if not as on a server. */
  wrong?: WrongCredentials;
  /** The machines of the stream of events. */
  shown?: () => MachineInfo[];
}

export async function serveApi({ wrong, shown = () => [machine] }: ServeApiOptions = {}): Promise<ServedApi> {
  const dir = mkdtempSync(join(tmpdir(), "mayfly-api-"));
  const told: ServedApi["told"] = [];
  const failures: unknown[] = [];
  const closing = new AsyncDisposableStack();
  const waits = { prepare: async () => {}, removed: async () => {} };
  const onFailure = (): void => assert.fail();
  const catalog = openCatalog(join(dir, "catalog.db"), join(dir, "key"));
  const logs = openLogs(join(dir, "logs"), { idOf: String, onFailure });
  const ledger = createLedger(join(dir, "ledger.db"), { idOf: String, onFailure });
  const events = new EventStream(systemClock, (error) => assert.fail(String(error)));
  const stored = { add: () => {}, rows: () => [], ran: () => new Map<number, number>() };
  const history = createHistory({ table: stored, events, clock: systemClock, tenantOf: () => mainTenant, onFailure });
  const invocations = openInvocations(join(dir, "invocations.db"), {
    keep: true,
    perSecond: 10,
    slowMs: 1_000,
    perApp: 300,
    most: 50_000,
    events,
    clock: systemClock,
    tenantOf: (app) => catalog.tenants.tenantOf(app),
    onFailure,
  });
  const accounts = createAccounts({ ledger, prices: defaultPrices, clock: systemClock, events, tenants: catalog.tenants });
  const principals = openPrincipals(join(dir, "principals.db"), {
    seal: openSeal(join(dir, "key"), true),
    operatorToken: token,
    clock: systemClock,
    onFailure,
  });
  const lambda = openLambdaStore(join(dir, "lambda.db"));
  const queues = new QueuesWorld();
  const index = new InlineCommit<ObjectOperations>(objectsEngine);
  const objects = objectsOver({
    index,
    files: openContentFiles(join(dir, "objects"), () => systemClock.wall()),
    limitsOf: () => ({ bytes: 2 ** 20, objects: 1_000, buckets: 100 }),
    serverKey: () => Buffer.alloc(32, 7),
    now: () => systemClock.wall(),
    written: () => {},
  });
  const audit = openAudit(join(dir, "audit"), { clock: systemClock, bytes: 2 ** 20, onFailure });
  const serving = {
    prove: async () => undefined,
    check: (tenant: string, manifest: Manifest) => new RouteTable().checkHosts(tenant, manifest),
    prepare: () => waits.prepare(),
    pointed(app: string, targets: Target[]) {
      told.push({ app, targets: targets.map(({ revision, weight }) => [revision.number, weight]) });
      if (targets.some(({ revision }) => revision.manifest.env["REFUSE"] !== undefined)) throw new Error("the platform cannot take it");
    },
    provide: () => undefined,
    boundTo: () => 0,
    called: () => true,
    renewed: (app: string) => void told.push(`renewed ${app}`),
    shareChanged: (app: string) => void told.push(`share of ${app}`),
    restored: (app: string) => void told.push(`restored ${app}`),
    branched: () => {},
    problemOf: () => null,
    removed(app: string) {
      told.push(`removed ${app}`);
      return waits.removed();
    },
  };
  const overview = {
    machines: () => [machine],
    glance: () => ({ machines: shown(), inFlight: 1 }),
    explainMachine: () => decisions,
    sample: () => {},
    explain: (app: string) => ({ app, now: ["2.0 run at once on average"], facts: [], decisions }),
    host: () => hostInfo,
    status: () => statusInfo,
  };
  const demand = {
    recording: { of: () => null, machines: () => ({ startMs: null, bindMs: null }) },
    rules: { blanks: 1, idleMs: null, waitWorth: 100, cpuWorth: 9, maxMachines: 10, startsPerSecond: 10 },
    prices: defaultPrices,
    catalog,
    clock: systemClock,
  };
  const hostReport = createHostReport({
    config: { stateDir: dir, cacheDir: dir, maxMachines: 10 },
    clock: systemClock,
    closing,
    driver: { name: "process", detail: "by name", damage: () => null },
    bounds: { maxMemoryMb: 1_024, maxVcpus: 8 },
    descriptors: { limit: 1_024, gateway: 8, api: 8, outside: 8 },
    look: { images: async () => [], templates: async () => [], doctor: async () => [{ part: "memory", ok: true, detail: "enough" }] },
    onFailure,
  });
  const definitions = openDefinitions(join(dir, "appliances.db"), openSeal(join(dir, "key"), true), String);
  const appliances = openAppliances({
    stateDir: dir,
    cacheDir: dir,
    runDir: dir,
    qemuHost: createQemuHost({ cacheDir: dir, jailDir: dir, uids: createUids() }),
    definitions,
    bootId: "boot",
    clock: systemClock,
    usage: accounts,
    egress: () => createEgress({ allow: [] }),
    log: () => {},
    permitted: { folders: [], publish: [] },
    bounds: { maxMemoryMb: 65_536, maxDiskMb: 65_536 },
    starting: () => {},
    takenUp: () => {},
    onUnusable: () => {},
    forgetLog: (id) => logs.remove(id),
  });
  const durable = {
    ...storedEvents(),
    triggersSettled: () => Promise.resolve(),
    applyTriggers: () => Promise.resolve(),
    callees: { names: catalog.names, reach: reachIn(catalog) },
  };
  const released = Promise.withResolvers<void>();
  const watched = watchingFollowers(logs, released.resolve);
  const api = createApi({
    catalog,
    logs: watched,
    accounts,
    history,
    invocations,
    lambda,
    objects,
    queues: queues.queues,
    serving,
    overview,
    hostReport,
    demand,
    appliances,
    events,
    principals,
    audit,
    ...(wrong && { wrong }),
    durable,
    kv: storedKv(),
    sql: noSql,
    runs: new World().executions,
    dispatcher: answering,
    onError: (error) => failures.push(error),
  });
  const server = await api.listen({ address: "127.0.0.1:0", allowInsecureBind: false });
  const client = createClient({ url: server.url, token });
  const close = async (): Promise<void> => {
    await served.server.close();
    await closing.disposeAsync();
    await appliances.close();
    definitions.close();
    await logs.close();
    accounts.close();
    history.close();
    invocations.close();
    ledger.close();
    audit.close();
    principals.close();
    lambda.close();
    await queues.close();
    await index.close();
    catalog.close();
    rmSync(dir, { recursive: true });
    assert.deepEqual(failures, []);
  };
  const id = (name: string) => catalog.names.known(mainTenant, name) ?? catalog.names.appId(mainTenant, name);
  const served = {
    dir,
    id,
    lambda,
    queues: queues.queues,
    appliances,
    principals,
    audit,
    events,
    waits,
    catalog,
    logs,
    accounts,
    api,
    server,
    client,
    told,
    released: released.promise,
    failures,
    close,
  };
  return served;
}

/** Every function answers at once. */
const answering: Dispatcher = {
  dispatch(request, reply) {
    setImmediate(() =>
      reply.head(200, ["content-type", "text/plain"], Buffer.from(request.function), true, { queue: 0, start: 0, bind: 0, run: 1 }),
    );
    return { id: "inv-1", write: () => true, end: () => {}, consumed: () => {}, usedMb: () => 0, abort: () => {} };
  },
};

const statusInfo = {
  version: "0.1.0",
  pid: 1,
  worker: 2,
  since: 0,
  upSince: 0,
  restarts: 1,
  reserves: [{ file: "reserve", bytes: 8_388_608, of: 8_388_608 }],
  deaths: [{ at: 0, reason: "it was ended by SIGKILL", livedMs: 1 }],
  driver: { name: "fake", detail: "for tests", damage: null },
  apps: 0,
  machines: 0,
  runtimes: {},
  appliances: { running: 0, total: 0, leftAlone: [], waiting: [] },
};

function watchingFollowers(logs: Logs, released: () => void): Logs {
  return {
    ...logs,
    follow(query, callback) {
      const stop = logs.follow(query, callback);
      return () => {
        stop();
        released();
      };
    },
  };
}

/** @param checked false for a manifest as a client with other rules would send it */
export function manifest(more: object = {}, checked = true): Manifest {
  const given = { name: "shop", functions: { main: { entry: "main.ts" } }, ...more };
  return checked ? manifestSchema.parse(given) : (given as unknown as Manifest);
}

export function bundle(name: string, format: Bundle["format"], code: string): Bundle {
  return { function: name, format, code: Buffer.from(code) };
}

/** Key-value stores in memory. */
/** Databases of which there are none. */
const noSql: SqlDatabases = {
  run: () => Promise.resolve([]),
  runOnCopy: (_database, at) => Promise.reject(new MayflyError("no-such-copy", { copy: String(at) })),
  copies: () => Promise.resolve([]),
  copy: ({ app, name }) => Promise.reject(new MayflyError("no-such-sql", { app, database: name })),
  restore: (_database, at) => Promise.reject(new MayflyError("no-such-copy", { copy: String(at) })),
  databases: () => Promise.resolve([]),
  drop: () => Promise.resolve(),
};

function storedKv(): KeyValues {
  const both = { ...kvEngine, operations: (db: DatabaseSync) => ({ ...kvEngine.operations(db), ...readOperations(db) }) };
  const commit = new InlineCommit<KvOperations & ReadOperations>(both);
  const most = { entries: 100, bytes: 2 ** 20 };
  return new SqliteKeyValues({
    commit,
    reads: commit,
    most: () => ({ app: most, tenant: most }),
    now: () => systemClock.wall(),
  });
}
