/**
 * What invoking needs to know of functions, kept in memory because it is asked for with each call.
 *
 * 1. What is kept is forgotten with any change of the Lambda API's records and of any app, so that the call after a change sees it.
 */
import type { Clock } from "../../base/clock/clock.ts";
import type { EventStream } from "../../telemetry/event-stream.ts";
import { problemOfTenantKey } from "../../store/catalog/isolation.ts";
import { LATEST } from "../../store/lambda/lambda-store.ts";
import type { EventInvokeRecord, FunctionSettings, Statement } from "../../store/lambda/records.ts";
import { conflict, invalidValue } from "./aws-error.ts";
import type { LambdaParts } from "./lambda-parts.ts";
import { type Account, functionArn } from "./names.ts";
import { pinOf } from "./place.ts";
import { statementsFor } from "./permissions.ts";
import { functionNotFound, type Named, type Qualified, requireQualified } from "./require-function.ts";

/** A function as an invocation finds it. */
export interface Invokable {
  tenant: string;
  name: string;
  /** The id and the name of its app, and its name in the app. */
  app: string;
  appName: string;
  function: string;
  /** What has machines of its own, a published version: the name of the pin, and the revision. Absent for the newest code. */
  pin?: { name: string; revision: string };
  /** What runs: "$LATEST", or a version's number. */
  version: string;
  /** That runs it; null if the Lambda API has not made it. */
  revision: string | null;
  /** As the caller named it, with the qualifier if there was one. */
  arn: string;
  /** Without a qualifier. */
  functionArn: string;
  settings: FunctionSettings;
  reserved: number | null;
  /** How many invocations of what was named have machines of their own; 0 if none. */
  provisioned: number;
  /** Of all versions and aliases of the function together. */
  provisionedInAll: number;
  endsLoops: boolean;
  eventInvoke: EventInvokeRecord | undefined;
  /** The resource policy of what was named. */
  statements: readonly Statement[];
}

export interface Invokables {
  /** Throws an AwsError. @param tenantId for whom the function keeps machines apart, if it does so */
  find(account: Account, named: Named, tenantId?: string): Invokable;
}

type Parts = Pick<LambdaParts, "store" | "catalog" | "serving" | "events"> & { random?: () => number };

/** More names than this are not kept. */
const MOST_KEPT = 10_000;

export function createInvokables(parts: Parts & { clock: Pick<Clock, "wall"> }): Invokables {
  const { store, events, serving, random = Math.random } = parts;
  const kept = new Map<string, Invokable[]>();
  let changes = -1;
  forgetWithApps(events, () => kept.clear());

  function candidates(account: Account, named: Named): Invokable[] {
    if (store.changes() !== changes) kept.clear();
    changes = store.changes();
    const key = `${account.tenant} ${account.region} ${named.name} ${named.qualifier ?? ""}`;
    const known = kept.get(key);
    if (known !== undefined) return known;
    if (kept.size >= MOST_KEPT) kept.clear();
    const made = invokablesOf(parts, account, named);
    kept.set(key, made);
    return made;
  }

  return {
    find(account, named, tenantId) {
      const all = candidates(account, named);
      const chosen = all.length === 1 ? all[0]! : weighted(parts, account, named, all, random());
      checkTenant(chosen, tenantId);
      if (!serving.called(chosen.app, chosen.pin)) throw functionNotFound(account, named);
      return chosen;
    },
  };
}

/** Throws an AwsError: a tenant is named where, and only where, the function keeps tenants apart. */
function checkTenant({ settings, name }: Invokable, tenantId: string | undefined): void {
  const keepsApart = settings.TenancyConfig !== undefined;
  if (keepsApart && tenantId === undefined)
    throw invalidValue("The invoked function is enabled with tenancy configuration. Add a valid tenant ID in your request and try again.");
  if (!keepsApart && tenantId !== undefined)
    throw invalidValue(`The function ${name} has no tenancy configuration. Remove the tenant ID from your request and try again.`);
  if (tenantId !== undefined && problemOfTenantKey(tenantId) !== undefined)
    throw invalidValue(
      "1 validation error detected: Value at 'tenantId' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9\\._:\\/=+\\-@ ]+",
    );
}

function forgetWithApps(events: EventStream, forget: () => void): void {
  const changed = ["app-deployed", "alias-pointed", "alias-removed", "app-removed"] as const;
  events.listen(Object.fromEntries(changed.map((type) => [type, forget])));
}

/** The version that an alias names, and those to which it sends a share of the calls, in the order of the shares below. */
function invokablesOf(parts: Parts, account: Account, named: Named): Invokable[] {
  const { qualifier } = named;
  // Its error names the qualifier, also if the caller did not.
  const qualified = requireQualified(parts, account, { ...named, qualifier: qualifier ?? LATEST });
  const main = invokable(parts, account, named, qualified);
  const others = Object.keys(qualified.alias?.weights ?? {});
  const more = others.map((version) => {
    const other = invokable(parts, account, named, requireQualified(parts, account, { ...named, qualifier: version }));
    other.arn = main.arn;
    return other;
  });
  return qualifier === undefined ? [main] : [main, ...more];
}

function weighted({ store }: Parts, { tenant }: Account, { name, qualifier = LATEST }: Named, all: Invokable[], draw: number): Invokable {
  const weights = store.aliases.get(tenant, name, qualifier)?.weights ?? {};
  let left = draw;
  for (const each of all.slice(1)) {
    left -= weights[each.version] ?? 0;
    if (left < 0) return each;
  }
  return all[0]!;
}

function invokable({ store, catalog }: Parts, account: Account, named: Named, { found, version }: Qualified): Invokable {
  const { tenant } = account;
  const { name, qualifier } = named;
  const { record } = found;
  const { state } = version ?? record;
  if (state === "Pending" || state === "Failed")
    throw conflict(`The operation cannot be performed at this time. The function is currently in the following state: ${state}`);
  const app = catalog.names.known(tenant, found.app);
  if (app === undefined) throw functionNotFound(account, named);
  const { provisioned } = store;
  const provisions = provisioned.all(tenant, name);
  const own = qualifier === undefined ? undefined : provisioned.get(tenant, name, qualifier);
  return {
    tenant,
    name,
    app,
    appName: found.app,
    function: found.function,
    ...(version?.revision != null && { pin: { name: pinOf(record, version.version), revision: version.revision } }),
    version: version === undefined ? LATEST : String(version.version),
    revision: (version ?? record).revision,
    arn: functionArn(account, name, qualifier),
    functionArn: functionArn(account, name),
    settings: (version ?? record).settings,
    reserved: record.reserved,
    provisioned: own?.requested ?? 0,
    provisionedInAll: provisions.reduce((sum, { requested }) => sum + requested, 0),
    endsLoops: record.recursiveLoop === "Terminate",
    eventInvoke: store.eventInvokes.get(tenant, name, qualifier ?? LATEST),
    statements: statementsFor({ store }, tenant, named),
  };
}
