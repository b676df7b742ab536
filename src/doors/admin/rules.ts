/**
 * Who may call which route. A route that has no rule here does not compile, and one that is served without being in the table of routes answers nobody.
 */
import type { MiddlewareHandler } from "hono";
import { MayflyError } from "../../base/errors/error.ts";
import type { Catalog } from "../../store/catalog/catalog.ts";
import type { Principal } from "../../store/principals/principal.ts";
import { type Action, ACTIONS, may, mayAtAll } from "../../store/principals/rights.ts";
import type { RouteName } from "./endpoint.ts";
import { type ApiEnv, type Call, makeScope, type Scope, scopeOf } from "./scope.ts";

/**
 * What a route is about.
 * - app: the app that its path names.
 * - some: a list, of which everybody gets what they may see.
 * - queue: queues of the tenant; who is bounded to some apps gets at theirs alone, and control/queues.ts sees to that.
 * - bucket: buckets of the tenant, in the same way: see control/buckets.ts.
 * - tenant: the tenant that the request is about, as a whole.
 * - named-tenant: the tenant that its path names.
 * - server: the whole server.
 */
type Matter = "app" | "some" | "queue" | "bucket" | "tenant" | "named-tenant" | "server";

/** null: every principal may call it. */
type Rule = { action: Action; on: Matter } | null;

const rules: Record<Exclude<RouteName, "health" | "openSession">, Rule> = {
  closeSession: null,
  history: { action: "read", on: "some" },
  appHistory: { action: "read", on: "app" },
  demand: { action: "read", on: "app" },
  spend: { action: "read-bills", on: "some" },
  live: { action: "read", on: "some" },
  host: null,
  hostDetails: { action: "inspect-host", on: "server" },
  disk: { action: "inspect-host", on: "server" },
  doctor: { action: "inspect-host", on: "server" },
  principal: null,
  status: { action: "read-server", on: "server" },
  apps: { action: "read", on: "some" },
  app: { action: "read", on: "app" },
  aliases: { action: "read", on: "app" },
  point: { action: "deploy", on: "app" },
  removeAlias: { action: "deploy", on: "app" },
  removeApp: { action: "deploy", on: "app" },
  deploy: { action: "deploy", on: "app" },
  pointTo: { action: "deploy", on: "app" },
  promote: { action: "deploy", on: "app" },
  rollback: { action: "deploy", on: "app" },
  // Whoever has a signed URL may call, so that signing one gives more than a right to call.
  signUrl: { action: "deploy", on: "app" },
  rotateSigningKey: { action: "deploy", on: "app" },
  secretNames: { action: "read", on: "app" },
  setSecret: { action: "set-secrets", on: "app" },
  removeSecret: { action: "set-secrets", on: "app" },
  machines: { action: "read", on: "some" },
  metrics: { action: "read", on: "some" },
  metricFamilies: { action: "read", on: "some" },
  explain: { action: "read", on: "app" },
  explainMachine: { action: "read", on: "some" },
  logs: { action: "read-logs", on: "app" },
  followLogs: { action: "read-logs", on: "app" },
  // What a call was sent may be as private as a log.
  recentCalls: { action: "read-logs", on: "app" },
  followCalls: { action: "read-logs", on: "app" },
  // Errors' messages may be as private as a log.
  invocations: { action: "read-logs", on: "app" },
  invocation: { action: "read-logs", on: "app" },
  replayCall: { action: "invoke", on: "app" },
  holdCalls: { action: "deploy", on: "app" },
  releaseCalls: { action: "deploy", on: "app" },
  bill: { action: "read-bills", on: "some" },
  appBill: { action: "read-bills", on: "app" },
  allLimits: { action: "read", on: "some" },
  limits: { action: "read", on: "app" },
  setLimits: { action: "set-limits", on: "app" },
  callFunction: { action: "invoke", on: "app" },
  acceptEvent: { action: "invoke", on: "app" },
  pauseEvents: { action: "deploy", on: "app" },
  events: { action: "read", on: "app" },
  // A payload may be as private as a log.
  event: { action: "read-logs", on: "app" },
  cancelEvent: { action: "deploy", on: "app" },
  retryEvent: { action: "deploy", on: "app" },
  triggers: { action: "read", on: "app" },
  fireTrigger: { action: "invoke", on: "app" },
  pauseTrigger: { action: "deploy", on: "app" },
  deadLetters: { action: "read", on: "app" },
  redriveDeadLetters: { action: "deploy", on: "app" },
  purgeDeadLetters: { action: "deploy", on: "app" },
  runs: { action: "read", on: "app" },
  // Inputs and results may be as private as a log.
  run: { action: "read-logs", on: "app" },
  runHistory: { action: "read-logs", on: "app" },
  answerRun: { action: "invoke", on: "app" },
  stopRun: { action: "invoke", on: "app" },
  keyValueStores: { action: "read", on: "app" },
  // What is stored may be as private as a log.
  keyValues: { action: "read-logs", on: "app" },
  keyValue: { action: "read-logs", on: "app" },
  putKeyValue: { action: "deploy", on: "app" },
  removeKeyValue: { action: "deploy", on: "app" },
  removeKeyValueStore: { action: "deploy", on: "app" },
  sqlDatabases: { action: "read", on: "app" },
  // A statement may change what it likes.
  runSql: { action: "deploy", on: "app" },
  sqlCopies: { action: "read", on: "app" },
  copySql: { action: "deploy", on: "app" },
  restoreSql: { action: "deploy", on: "app" },
  removeSql: { action: "deploy", on: "app" },
  buckets: { action: "read", on: "bucket" },
  createBucket: { action: "deploy", on: "bucket" },
  bucket: { action: "read", on: "bucket" },
  removeBucket: { action: "deploy", on: "bucket" },
  objects: { action: "read-logs", on: "bucket" },
  object: { action: "read-logs", on: "bucket" },
  putObject: { action: "deploy", on: "bucket" },
  removeObject: { action: "deploy", on: "bucket" },
  queues: { action: "read", on: "queue" },
  createQueue: { action: "deploy", on: "queue" },
  queue: { action: "read", on: "queue" },
  removeQueue: { action: "deploy", on: "queue" },
  shareQueue: { action: "deploy", on: "queue" },
  sendToQueue: { action: "invoke", on: "queue" },
  // A message may be as private as a log.
  peekQueue: { action: "read-logs", on: "queue" },
  purgeQueue: { action: "deploy", on: "queue" },
  redriveQueue: { action: "deploy", on: "queue" },
  runAppliance: { action: "manage-appliances", on: "tenant" },
  appliances: { action: "read", on: "tenant" },
  startAppliance: { action: "operate-appliances", on: "tenant" },
  stopAppliance: { action: "operate-appliances", on: "tenant" },
  removeAppliance: { action: "manage-appliances", on: "tenant" },
  tenants: { action: "manage-tenants", on: "server" },
  createTenant: { action: "manage-tenants", on: "server" },
  tenant: { action: "read-tenant", on: "named-tenant" },
  limitTenant: { action: "manage-tenants", on: "named-tenant" },
  removeTenant: { action: "manage-tenants", on: "named-tenant" },
  tokens: { action: "manage-credentials", on: "tenant" },
  createToken: { action: "manage-credentials", on: "tenant" },
  revokeToken: { action: "manage-credentials", on: "tenant" },
  keys: { action: "manage-credentials", on: "tenant" },
  createKey: { action: "manage-credentials", on: "tenant" },
  revokeKey: { action: "manage-credentials", on: "tenant" },
  audit: { action: "read-audit", on: "tenant" },
  followAudit: { action: "read-audit", on: "tenant" },
};

/** Refuses what the principal of a request may not do. */
export function applyRules({ catalog }: { catalog: Pick<Catalog, "names"> }): MiddlewareHandler<ApiEnv> {
  return async (context, next) => {
    const call = context.get("call");
    // Whatever else is served under this path, no rule says who may have it.
    if (call === undefined || !Object.hasOwn(rules, call.name))
      throw new MayflyError("no-such-api-route", { method: context.req.method, path: context.req.path.slice(0, 100) });
    const rule = rules[call.name as keyof typeof rules];
    if (rule !== null) context.set("scope", applied(rule, catalog, scopeOf(context), call));
    await next();
  };
}

/** What makes an app, or is set before there is one: to say that there is no such app would lead astray. */
const making = new Set<RouteName>(["deploy", "setSecret"]);

function applied({ action, on }: NonNullable<Rule>, { names }: Pick<Catalog, "names">, scope: Scope, { name, params }: Call): Scope {
  const { principal } = scope;
  // What a role may never do is refused before anything is looked at, so that the refusal tells nobody what exists.
  if (!mayAtAll(principal.role, action)) throw forbidden(principal, action, `its role is ${principal.role}`);
  if (on === "app") {
    const others = otherApps(names, principal, params["app"] ?? "");
    if (others !== undefined && making.has(name)) throw forbidden(principal, action, `it is for ${others.join(", ") || "no app"} alone`);
    if (others !== undefined) throw new MayflyError("no-such-app", { app: (params["app"] ?? "").slice(0, 100) });
  }
  if (on === "app" || on === "some" || on === "queue" || on === "bucket") return scope;
  const about = on === "named-tenant" ? makeScope({ names }, principal, params["tenant"] ?? "") : scope;
  if (may(principal, action, { tenant: on === "server" ? null : about.tenant, app: null })) return about;
  throw forbidden(principal, action, principal.apps === null ? "it is not of the whole server" : "it is for some apps only");
}

/**
 * An app that the principal is not bounded to is answered as one that does not exist. The names of its own apps are compared with what was asked for, and what was
 * asked for is not looked up: the time that this takes does not depend on whether it exists.
 * @returns undefined if the app is the principal's, otherwise the names of those that are
 */
function otherApps(names: Pick<Catalog["names"], "nameOf">, { apps, tenant }: Principal, name: string): string[] | undefined {
  if (apps === null) return undefined;
  const own = apps.map((app) => names.nameOf(app)).filter((app) => app !== undefined && (tenant === null || app.tenant === tenant));
  return own.some((app) => app!.name === name) ? undefined : own.map((app) => app!.name).toSorted();
}

function forbidden({ name }: Principal, action: Action, reason: string): MayflyError {
  return new MayflyError("forbidden", { principal: name, what: ACTIONS[action], reason });
}
