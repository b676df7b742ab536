/**
 * Finds functions by the names that the Lambda API gives them. A function that was made here has the app of its name, or shares the one that its tag names. Every app that was deployed
 * otherwise is there, too: as a function of the app's name if it has one function, and as `<app>--<function>` for each of several.
 */
import { createHash } from "node:crypto";
import type { AppRow, Revision } from "../../store/catalog/catalog.ts";
import { runtimeOf } from "../../store/catalog/runtime-of.ts";
import type { FunctionRecord, FunctionSettings } from "../../store/lambda/records.ts";
import type { LambdaParts } from "./lambda-parts.ts";
import { appOf } from "./place.ts";
import { accountOf } from "./names.ts";
import { shownRuntimes } from "./runtimes.ts";

export interface FoundFunction {
  record: FunctionRecord;
  /** The name of its app, and its name in it. */
  app: string;
  function: string;
  /** Whether the function is deployed by itself, and not together with others of its app: only then can this API change it. */
  isWhole: boolean;
}

type Parts = Pick<LambdaParts, "store" | "catalog">;

const SEPARATOR = "--";

export function findFunction(parts: Parts, tenant: string, name: string): FoundFunction | undefined {
  const record = parts.store.functions.get(tenant, "", name);
  const app = parts.catalog.app(tenant, record === undefined ? name : appOf(record));
  if (record !== undefined) return isGone(record, app) ? forget(parts, tenant, record) : ofRecord(record, app?.live ?? null);
  const [inner, second] = Object.keys(app?.live?.manifest.functions ?? {});
  if (app?.live && app.live.members === undefined && inner !== undefined && second === undefined) return ofOnly(app.live, name, inner);
  return ofSeveral(parts, tenant, name);
}

/** The only function of an app. Its handler is shown as that of a zip file, by which it may be replaced, whatever the app's folder called its file. */
function ofOnly(live: Revision, name: string, inner: string): FoundFunction {
  const { record, ...found } = ofRevision(live, name, name);
  const { DurableConfig, Timeout } = settingsOf(live, inner);
  return { ...found, record: { ...record, settings: { ...record.settings, DurableConfig, Timeout } }, function: inner };
}

/** A function of an app that has several. */
function ofSeveral({ catalog }: Parts, tenant: string, name: string): FoundFunction | undefined {
  for (let at = name.indexOf(SEPARATOR, 1); at > 0; at = name.indexOf(SEPARATOR, at + 1)) {
    const live = deployedAsWhole(catalog.app(tenant, name.slice(0, at)));
    const inner = name.slice(at + SEPARATOR.length);
    const names = live ? Object.keys(live.manifest.functions) : [];
    if (live && names.length > 1 && names.includes(inner)) return ofRevision(live, name, inner);
  }
  return undefined;
}

/** Null if there is none, and for an app whose functions are deployed one by one. */
function deployedAsWhole(app: AppRow | undefined): Revision | null {
  return app?.live == null || app.live.members !== undefined ? null : app.live;
}

/** The functions of an app that was deployed as a whole, as this API shows them. Those of others are found by their records. */
export function functionsOfApp({ store }: Parts, tenant: string, app: AppRow): FoundFunction[] {
  const record = store.functions.get(tenant, "", app.name);
  const live = deployedAsWhole(app);
  if (record !== undefined && record.app === undefined) return [ofRecord(record, live)];
  if (live === null) return [];
  const names = Object.keys(live.manifest.functions);
  // A function of another app has the name that the app's only one would have.
  if (names.length === 1) return record === undefined ? [ofRevision(live, app.name, names[0]!)] : [];
  return names.toSorted().map((inner) => ofRevision(live, `${app.name}${SEPARATOR}${inner}`, inner));
}

/** Its app was removed by another way than this API. */
export function isGone({ name, app: shared, state, update, revision }: FunctionRecord, app: AppRow | undefined): boolean {
  if (state === "Pending" || update === "InProgress" || revision === null) return false;
  if (app === undefined) return true;
  // The name is that of another app by now. Of an app that cannot be read, nobody knows.
  return shared !== undefined && app.live !== null && app.live.members?.has(name) !== true;
}

function forget({ store }: Parts, tenant: string, { name }: FunctionRecord): undefined {
  store.removeFunction(tenant, name);
}

/** If the app was deployed by another way since, the configuration is that of its live revision, and the zip file is not its code. */
function ofRecord(record: FunctionRecord, live: Revision | null): FoundFunction {
  const { name } = record;
  if (record.app !== undefined) return { record, app: record.app, function: name, isWhole: true };
  const isCurrent = live === null || live.id === record.revision || record.update === "InProgress" || record.state === "Pending";
  const names = Object.keys(live?.manifest.functions ?? {});
  const inner = names.length === 1 ? names[0]! : name;
  if (isCurrent) return { record, app: name, function: inner, isWhole: true };
  const settings = { ...record.settings, ...settingsOf(live, inner) };
  const shown = { ...record, settings, code: null, layers: [], revision: live.id, revisionId: idOf(live.id), lastModified: live.createdAt };
  return { record: shown, app: name, function: inner, isWhole: names.length <= 1 };
}

function ofRevision(live: Revision, name: string, inner: string): FoundFunction {
  const isWhole = Object.keys(live.manifest.functions).length === 1;
  const record: FunctionRecord = {
    name,
    region: "us-east-1",
    settings: { ...usualSettings(name, live.tenant), ...settingsOf(live, inner) },
    code: null,
    layers: [],
    lastModified: live.createdAt,
    revisionId: idOf(live.id),
    state: "Active",
    revision: live.id,
    update: "Successful",
    tags: {},
    lastVersion: 0,
    published: null,
    publishing: null,
    reserved: null,
    recursiveLoop: "Terminate",
    updateRuntimeOn: "Auto",
    runtimeVersionArn: null,
  };
  return { record, app: live.manifest.name, function: inner, isWhole };
}

/** What the manifest says, in AWS's words. */
function settingsOf(
  { manifest }: Revision,
  inner: string,
): Pick<FunctionSettings, "Runtime" | "Handler" | "Timeout" | "MemorySize" | "Environment" | "DurableConfig"> {
  const { entry = "", handler = "handler", timeoutMs = manifest.timeoutMs, durable } = manifest.functions[inner] ?? {};
  const runtime = runtimeOf(manifest, inner);
  const named = runtime === "server-java" || runtime === "server-python" ? "server" : runtime;
  // Of JavaScript, the catalog does not have the name of the file that was bundled.
  const file = entry === "" ? "index" : entry.replace(/\.\w+$/, "");
  return {
    Runtime: shownRuntimes[named],
    Handler: named === "node" || named === "python" ? `${file}.${handler}` : handler,
    Timeout: Math.max(1, Math.ceil(timeoutMs / 1_000)),
    MemorySize: manifest.memoryMb,
    DurableConfig: durable && { ExecutionTimeout: durable.timeoutS, RetentionPeriodInDays: durable.retentionDays },
    ...(Object.keys(manifest.env).length > 0 && { Environment: { Variables: manifest.env } }),
  };
}

/** What AWS fills in where a request says nothing. */
export function usualSettings(name: string, tenant: string): FunctionSettings {
  return {
    PackageType: "Zip",
    Runtime: shownRuntimes.node,
    Role: `arn:aws:iam::${accountOf(tenant)}:role/mayfly`,
    Handler: "index.handler",
    Description: "",
    Timeout: 3,
    MemorySize: 128,
    EphemeralStorage: { Size: 512 },
    Architectures: ["x86_64"],
    TracingConfig: { Mode: "PassThrough" },
    SnapStart: { ApplyOn: "None" },
    LoggingConfig: { LogFormat: "Text", LogGroup: `/aws/lambda/${name}` },
  };
}

/** A UUID that follows from the text: what was not made here has no id of a revision in AWS's form. */
function idOf(text: string): string {
  const hex = createHash("sha256").update(text).digest("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join("-");
}
