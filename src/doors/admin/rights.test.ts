/**
 * Every route of the API for every kind of principal. What each may is written down here by hand, and not taken from the rules that the API applies: a route that
 * is missing here fails. The file is long because this table has each route.
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { RouteName } from "./endpoint.ts";
import * as table from "./routes.ts";
import { TENANT_HEADER } from "./scope.ts";
import { manifest } from "./testing/serve-api.ts";
import { type HostileTenants, KINDS, type Kind, serveTwoTenants, STRANGERS } from "./testing/hostile-tenants.ts";

const routes: Record<RouteName, { method: string; path: string }> = table;
let served: HostileTenants;
before(async () => {
  served = await serveTwoTenants();
});
after(() => served.close());

const all: Kind[] = [...KINDS];
const operators: Kind[] = ["operator", "made operator"];
const ofServer: Kind[] = [...operators, "monitor"];
const admins: Kind[] = [...operators, "admin"];
const deployers: Kind[] = [...admins, "deployer", "deployer of shop"];
const ofTenantDeployers: Kind[] = [...admins, "deployer"];
const ofTenantReaders: Kind[] = [...ofServer, "admin", "deployer", "reader"];
const readers: Kind[] = [...ofTenantReaders, "deployer of shop", "reader of shop"];

/** What needs no token. */
type Open = "health" | "openSession";

/** Whom each route answers where the app is shop, and the tenant acme. */
const allowed: Record<Exclude<RouteName, Open>, Kind[]> = {
  closeSession: all,
  history: readers,
  appHistory: readers,
  demand: readers,
  spend: readers,
  live: readers,
  host: all,
  hostDetails: operators,
  disk: operators,
  doctor: operators,
  principal: all,
  status: ofServer,
  apps: readers,
  app: readers,
  aliases: readers,
  point: deployers,
  removeAlias: deployers,
  removeApp: deployers,
  deploy: deployers,
  pointTo: deployers,
  promote: deployers,
  rollback: deployers,
  signUrl: deployers,
  rotateSigningKey: deployers,
  secretNames: readers,
  setSecret: deployers,
  removeSecret: deployers,
  machines: readers,
  metrics: readers,
  metricFamilies: readers,
  explain: readers,
  explainMachine: readers,
  logs: readers,
  followLogs: readers,
  invocations: readers,
  invocation: readers,
  recentCalls: readers,
  followCalls: readers,
  replayCall: [...deployers, "invoker", "invoker of shop"],
  holdCalls: deployers,
  releaseCalls: deployers,
  bill: readers,
  appBill: readers,
  allLimits: readers,
  limits: readers,
  setLimits: admins,
  callFunction: [...deployers, "invoker", "invoker of shop"],
  acceptEvent: [...deployers, "invoker", "invoker of shop"],
  pauseEvents: deployers,
  events: readers,
  event: readers,
  cancelEvent: deployers,
  retryEvent: deployers,
  triggers: readers,
  fireTrigger: [...deployers, "invoker", "invoker of shop"],
  pauseTrigger: deployers,
  deadLetters: readers,
  redriveDeadLetters: deployers,
  purgeDeadLetters: deployers,
  runs: readers,
  run: readers,
  runHistory: readers,
  answerRun: [...deployers, "invoker", "invoker of shop"],
  stopRun: [...deployers, "invoker", "invoker of shop"],
  keyValueStores: readers,
  keyValues: readers,
  keyValue: readers,
  putKeyValue: deployers,
  removeKeyValue: deployers,
  removeKeyValueStore: deployers,
  sqlDatabases: readers,
  runSql: deployers,
  sqlCopies: readers,
  copySql: deployers,
  restoreSql: deployers,
  removeSql: deployers,
  buckets: readers,
  createBucket: deployers,
  bucket: readers,
  removeBucket: deployers,
  objects: readers,
  object: readers,
  putObject: deployers,
  removeObject: deployers,
  queues: readers,
  createQueue: deployers,
  queue: readers,
  removeQueue: deployers,
  shareQueue: deployers,
  sendToQueue: [...deployers, "invoker", "invoker of shop"],
  peekQueue: readers,
  purgeQueue: deployers,
  redriveQueue: deployers,
  runAppliance: operators,
  appliances: ofTenantReaders,
  startAppliance: ofTenantDeployers,
  stopAppliance: ofTenantDeployers,
  removeAppliance: operators,
  tenants: operators,
  createTenant: operators,
  tenant: ofTenantReaders,
  limitTenant: operators,
  removeTenant: operators,
  tokens: admins,
  createToken: admins,
  revokeToken: admins,
  keys: admins,
  createKey: admins,
  revokeKey: admins,
  audit: admins,
  followAudit: admins,
};

/** Bodies that the routes accept, or refuse for what is not there. */
const bodies: Partial<Record<RouteName, object>> = {
  point: { targets: [{ revision: 1 }] },
  pointTo: { version: 1 },
  promote: {},
  signUrl: { function: "main", seconds: 60 },
  setSecret: { value: "v" },
  setLimits: { spend: 5 },
  callFunction: {},
  acceptEvent: {},
  putKeyValue: { value: "v" },
  runSql: { script: "" },
  restoreSql: { at: 0 },
  holdCalls: { forMs: 1 },
  answerRun: {},
  stopRun: {},
  createBucket: { name: "photos" },
  createQueue: { name: "jobs" },
  shareQueue: { apps: [] },
  sendToQueue: { body: "hello" },
  redriveQueue: {},
  pauseEvents: { paused: true },
  fireTrigger: {},
  pauseTrigger: { paused: true },
  redriveDeadLetters: {},
  purgeDeadLetters: {},
  runAppliance: { name: "box", image: "none" },
  createTenant: { name: "acme" },
  limitTenant: { spend: 1_000 },
  createToken: { principal: "made", role: "reader" },
  createKey: { principal: "made", role: "reader" },
};

const params: Record<string, string> = {
  app: "shop",
  alias: "blue",
  name: "KEY",
  appliance: "box",
  tenant: "acme",
  token: "tok_none",
  key: "MFLYNONE",
  event: "none",
  invocation: "none",
  trigger: "none",
  function: "main",
  store: "main",
  database: "main",
  run: "none",
  queue: "main",
  machine: "m1",
  bucket: "main",
};
const names = Object.keys(routes).filter((name) => name !== "health" && name !== "openSession") as Exclude<RouteName, Open>[];

for (const name of names)
  test(`${name} answers whom it should, and refuses everybody else`, async () => {
    assert.ok(Object.hasOwn(allowed, name), `no rule was written down for the route ${name}`);
    for (const kind of KINDS) {
      await served.deploy("acme", "shop");
      const { status, code } = await ask(name, served.tokens[kind], { tenant: served.isOfServer(kind) ? "acme" : undefined });
      if (allowed[name].includes(kind)) assert.ok(!refusals.has(code), `${kind}: ${status} ${code}`);
      else assert.deepEqual([status, code], [403, "forbidden"], kind);
    }
    for (const stranger of STRANGERS) {
      const { status, code } = await ask(name, served.strangers[stranger]);
      assert.deepEqual([status, code], [401, "unauthorized"], stranger);
    }
  });

const refusals = new Set(["unauthorized", "forbidden", "no-such-tenant", "no-such-app", "internal"]);

test("an app of another tenant, and one beyond a principal's bounds, is answered as one that nobody has, by every route", async () => {
  for (const name of names.filter((one) => routes[one].path.includes("{app}")))
    for (const [kind, exists] of [
      ["admin", "theirs"],
      ["deployer", "theirs"],
      ["reader", "theirs"],
      ["invoker", "theirs"],
      ["deployer of shop", "theirs"],
      ["deployer of shop", "hidden"],
      ["reader of shop", "hidden"],
      ["invoker of shop", "hidden"],
    ] as const) {
      const [there, nowhere] = [await traced(name, kind, exists), await traced(name, kind, "nobodys")];
      const context = `${name} by a ${kind}, ${exists}`;
      assert.deepEqual(JSON.parse(JSON.stringify(there).replaceAll(exists, "nobodys")), nowhere, context);
      if (kind.endsWith("of shop")) assert.ok([403, 404].includes(there.status), context);
    }
  await Promise.all(["theirs", "nobodys", "hidden"].map((app) => undo(app)));
});

test("another tenant is answered as one that does not exist, by every route", async () => {
  for (const name of names) {
    const rest = { params: { tenant: "other" } };
    const [there, nowhere] = [
      await ask(name, served.tokens.admin, { ...rest, tenant: "other" }),
      await ask(name, served.tokens.admin, { params: { tenant: "nobody" }, tenant: "nobody" }),
    ];
    assert.deepEqual([there.status, there.code], [404, "no-such-tenant"], name);
    assert.equal(there.text.replaceAll("other", "nobody"), nowhere.text, name);
    if (!routes[name].path.includes("{tenant}")) continue;
    const [inPath, notThere] = [
      await ask(name, served.tokens.admin, rest),
      await ask(name, served.tokens.admin, { params: { tenant: "nobody" } }),
    ];
    assert.equal(inPath.text.replaceAll("other", "nobody"), notThere.text, name);
    assert.ok(["no-such-tenant", "forbidden"].includes(inPath.code), name);
  }
});

test("apps are searched for among those that one sees", async () => {
  const found = async (kind: Kind, search: string) => {
    const headers = { authorization: `Bearer ${served.tokens[kind]}`, ...(served.isOfServer(kind) && { [TENANT_HEADER]: "acme" }) };
    const response = await fetch(`${served.server.url}/v1/apps?search=${encodeURIComponent(search)}`, { headers });
    return ((await response.json()) as { apps: { app: string }[] }).apps.map(({ app }) => app);
  };
  await served.deploy("acme", "shop");
  for (const kind of ["operator", "reader"] as const) {
    assert.deepEqual(await found(kind, "IDD"), ["hidden"], kind);
    assert.deepEqual(await found(kind, ""), ["hidden", "shop"], kind);
    for (const none of ["vault", "%", "_", "'"]) assert.deepEqual(await found(kind, none), [], none);
  }
  assert.deepEqual([await found("reader of shop", "idd"), await found("reader of shop", "HO")], [[], ["shop"]]);
});

test("no list shows anything of another tenant, or beyond a principal's bounds", async () => {
  const listed = async (name: RouteName, token: string, tenant?: string) => (await ask(name, token, { tenant })).text;
  for (const name of ["apps", "bill", "allLimits", "machines", "tokens", "keys", "audit", "appliances"] as const) {
    assert.doesNotMatch(await listed(name, served.tokens.admin), /vault|"tenant":"other"/, name);
    assert.doesNotMatch(await listed(name, served.tokens["deployer of shop"]), /hidden|vault/, name);
  }
  assert.match(await listed("apps", served.tokens.admin), /"app":"hidden".*"app":"shop"/);
  assert.match(await listed("apps", served.tokens["reader of shop"]), /"app":"shop"/);
  const bill = await listed("bill", served.tokens.operator);
  assert.ok(bill.includes('"app":"@acme/shop"') && bill.includes('"app":"@other/vault"') && bill.includes('"what":"server"'), bill);
  const ofTenant = await listed("bill", served.tokens.operator, "acme");
  assert.ok(ofTenant.includes('"app":"hidden"') && !ofTenant.includes("vault") && !ofTenant.includes('"what":"server"'), ofTenant);
});

interface Asked {
  tenant?: string | undefined;
  params?: Record<string, string>;
}

interface Answer {
  status: number;
  /** The code of the error; empty: there is none. */
  code: string;
  text: string;
}

async function ask(name: RouteName, token: string | undefined, { tenant, params: more = {} }: Asked = {}): Promise<Answer> {
  const { method, path } = routes[name];
  const filled = path.replaceAll(/\{(\w+)\}/g, (_all, key: string) => ({ ...params, ...more })[key] ?? "");
  const headers = new Headers();
  if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
  if (tenant !== undefined) headers.set(TENANT_HEADER, tenant);
  const body = bodyOf(name, { ...params, ...more }["app"] ?? "", headers);
  const response = await fetch(served.server.url + filled, { method: method.toUpperCase(), headers, ...(body !== undefined && { body }) });
  if (response.ok && (name.startsWith("follow") || name === "live")) {
    await response.body?.cancel();
    return { status: response.status, code: "", text: "" };
  }
  const text = await response.text();
  const { error } = (text === "" ? {} : JSON.parse(text)) as { error?: { code: string } };
  return { status: response.status, code: error?.code ?? "", text };
}

function bodyOf(name: RouteName, app: string, headers: Headers): string | FormData | undefined {
  if (name === "deploy") {
    const form = new FormData();
    form.set("manifest", JSON.stringify(manifest({ name: app })));
    form.append("functions", new Blob(["1"]), "main.cjs");
    return form;
  }
  if (bodies[name] === undefined) return undefined;
  headers.set("content-type", "application/json");
  return JSON.stringify(bodies[name]);
}

/** The answer, and the look-ups of names that it took: if these are the same, its time tells nothing. */
async function traced(name: RouteName, kind: Kind, app: string): Promise<Answer & { lookUps: string[] }> {
  const lookUps: string[] = [];
  const { names: known } = served.catalog;
  const original = { ...known };
  for (const key of Object.keys(original) as (keyof typeof known)[])
    Object.assign(known, {
      [key]: (...args: unknown[]) => {
        lookUps.push(`${key}(${args.join()})`.replaceAll(app, "nobodys").replaceAll(/\bapp_\w+/g, "app"));
        return (original[key] as (...all: unknown[]) => unknown)(...args);
      },
    });
  try {
    const { status, code, text } = await ask(name, served.tokens[kind], { params: { app } });
    return { status, code, text: withoutWhatDiffers(text), lookUps };
  } finally {
    Object.assign(known, original);
    await undo(app);
  }
}

/** A deploy by somebody who may makes an app, whose revision is another each time. */
function withoutWhatDiffers(text: string): string {
  return text
    .replaceAll(/rev_\w+/g, "rev")
    .replaceAll(/"createdAt":\d+/g, "")
    .replaceAll(/"digest":"\w+"/g, "");
}

/** What the unbounded principals of acme made under the name, which nobody else has there, goes again. */
async function undo(app: string): Promise<void> {
  const id = app === "hidden" ? undefined : served.catalog.names.known(served.acme, app);
  if (id === undefined) return;
  if (served.catalog.names.holder(served.acme, app) !== undefined) served.catalog.remove(id);
  for (const secret of served.catalog.secretNames(id)) served.catalog.removeSecret(id, secret);
}
