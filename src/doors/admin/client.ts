/** The management API for programs: typed calls over HTTP. Every failure is a MayflyError with the server's words. */
import type { ApplianceInfo, ApplianceSpec } from "../../appliances/spec.ts";
import type { Bundle } from "../../store/catalog/catalog.ts";
import type { Manifest } from "../../store/catalog/manifest.ts";
import { type ErrorBody, MayflyError } from "../../base/errors/error.ts";
import { errorTable } from "../../base/errors/table.ts";
import type { LogLine } from "../../store/logs/logs.ts";
import { connectionLost } from "./connection-lost.ts";
import { jsonLines } from "./json-lines.ts";
import { notTrusted } from "./not-trusted.ts";
import { pinnedTo } from "./pinned.ts";
import type {
  AliasInfo,
  AppInfo,
  AppLimitsInfo,
  BillInfo,
  ExplainInfo,
  HostInfo,
  LimitChanges,
  LimitList,
  MachineInfo,
  OneBillInfo,
  StatusInfo,
  RevisionInfo,
} from "./schemas.ts";
import { createSend, type Sending } from "./send.ts";

export interface ClientOptions {
  /** For example "http://127.0.0.1:7070". */
  url: string;
  token: string;
  /** The certificate that the server must have, PEM, for https. Default: any that Node trusts for the URL's name. */
  pin?: string | undefined;
}

export interface LogFilter {
  app: string;
  function?: string;
  /** Newest lines, at most 10,000; default 100. */
  tail?: number;
  /** Milliseconds since the epoch. */
  since?: number;
}

export interface Client {
  /** Stores the revision and sends calls to it. The same manifest and bundles give the same revision. */
  deploy(manifest: Manifest, bundles: Bundle[]): Promise<RevisionInfo>;
  list(): Promise<AppInfo[]>;
  /** Throws "no-such-app". */
  app(app: string): Promise<AppInfo>;
  /** Removes the app with its versions, secrets and logs. Throws "no-such-app". */
  remove(app: string): Promise<void>;
  /** Sends calls to a version that was deployed before. Throws "no-such-version". */
  pointTo(app: string, version: string): Promise<RevisionInfo>;
  /** By name. Throws "no-such-app", as the next ones. */
  aliases(app: string): Promise<AliasInfo[]>;
  /** Makes the alias where it is new. A target without a weight has 1. Throws "no-such-version". */
  point(app: string, alias: string, targets: { revision: string | number; weight?: number }[]): Promise<AliasInfo>;
  /** Throws "no-such-alias". */
  removeAlias(app: string, alias: string): Promise<void>;
  /** May be called before the app's first deploy. */
  setSecret(app: string, name: string, value: string): Promise<void>;
  removeSecret(app: string, name: string): Promise<void>;
  secretNames(app: string): Promise<string[]>;
  machines(): Promise<MachineInfo[]>;
  /** @param limit newest decisions, at most 500; default 100. Throws "no-such-app". */
  explain(app: string, limit?: number): Promise<ExplainInfo>;
  /** Oldest first. */
  logs(filter: LogFilter): Promise<LogLine[]>;
  /** The tail, then new lines as they come, until the signal aborts or the server ends. */
  follow(filter: LogFilter, signal?: AbortSignal): AsyncGenerator<LogLine, void>;
  /** @param month such as "2026-11", of UTC; default: the one that it is */
  bill(month?: string): Promise<BillInfo>;
  /** Throws "no-such-app" where it is not deployed and used nothing in the month. */
  appBill(app: string, month?: string): Promise<OneBillInfo>;
  limits(app: string): Promise<AppLimitsInfo>;
  /** Of every app that has any, deployed or not. */
  allLimits(): Promise<LimitList>;
  /** What is absent stays as it is, null lifts a limit. May be called before the app's first deploy. */
  setLimits(app: string, changes: LimitChanges): Promise<AppLimitsInfo>;
  /** Made and started. Throws "name-taken", "no-such-image", "bad-appliance", "port-in-use", "machine-start-failed". */
  runAppliance(spec: Partial<ApplianceSpec> & Pick<ApplianceSpec, "name" | "image">): Promise<ApplianceInfo>;
  appliances(): Promise<ApplianceInfo[]>;
  /** Throws "no-such-appliance", as the next ones. */
  startAppliance(name: string): Promise<ApplianceInfo>;
  stopAppliance(name: string): Promise<ApplianceInfo>;
  removeAppliance(name: string, disks: "keep" | "remove"): Promise<void>;
  host(): Promise<HostInfo>;
  status(): Promise<StatusInfo>;
  /** Resolves when the API answers; needs no token. Throws "api-unreachable". */
  health(): Promise<void>;
}

export function createClient(options: ClientOptions): Client {
  const call = caller(options);
  const base = baseOf(options);
  const read = <T>(response: Response): Promise<T> =>
    (response.json() as Promise<T>).catch((error: unknown) => {
      throw connectionLost(base, error) ?? error;
    });
  const json = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    return read<T>(await call(method, path, body === undefined ? {} : jsonBody(body)));
  };
  const none = async (method: string, path: string, body?: unknown): Promise<void> => {
    const response = await call(method, path, body === undefined ? {} : jsonBody(body));
    await response.body?.cancel();
  };
  return {
    deploy: async (manifest, bundles) => {
      const response = await call("POST", `/v1/apps/${segment(manifest.name)}/versions`, { body: deployForm(manifest, bundles) });
      return read<RevisionInfo>(response);
    },
    list: () => allPages((after) => json("GET", `/v1/apps?limit=200&after=${segment(after)}`)),
    app: (app) => json("GET", `/v1/apps/${segment(app)}`),
    remove: (app) => none("DELETE", `/v1/apps/${segment(app)}`),
    pointTo: (app, version) => json("PUT", `/v1/apps/${segment(app)}/live`, { version }),
    aliases: async (app) => (await json<{ aliases: AliasInfo[] }>("GET", `/v1/apps/${segment(app)}/aliases`)).aliases,
    point: (app, alias, targets) => json("PUT", `/v1/apps/${segment(app)}/aliases/${segment(alias)}`, { targets }),
    removeAlias: (app, alias) => none("DELETE", `/v1/apps/${segment(app)}/aliases/${segment(alias)}`),
    setSecret: (app, name, value) => none("PUT", `/v1/apps/${segment(app)}/secrets/${segment(name)}`, { value }),
    removeSecret: (app, name) => none("DELETE", `/v1/apps/${segment(app)}/secrets/${segment(name)}`),
    secretNames: async (app) => (await json<{ names: string[] }>("GET", `/v1/apps/${segment(app)}/secrets`)).names,
    machines: async () => (await json<{ machines: MachineInfo[] }>("GET", "/v1/machines")).machines,
    explain: (app, limit = 100) => json("GET", `/v1/apps/${segment(app)}/explain?limit=${limit}`),
    logs: async (filter) => (await json<{ lines: LogLine[] }>("GET", logPath(filter, ""))).lines,
    follow: async function* (filter, signal) {
      const response = await call("GET", logPath(filter, "/follow"), signal ? { signal } : {});
      if (response.body) yield* whole(jsonLines<LogLine>(response.body, signal), base);
    },
    bill: (month) => json("GET", `/v1/bill${monthQuery(month)}`),
    appBill: (app, month) => json("GET", `/v1/apps/${segment(app)}/bill${monthQuery(month)}`),
    limits: (app) => json("GET", `/v1/apps/${segment(app)}/limits`),
    allLimits: () => json("GET", "/v1/limits"),
    setLimits: (app, changes) => json("PATCH", `/v1/apps/${segment(app)}/limits`, changes),
    runAppliance: (spec) => json("POST", "/v1/appliances", spec),
    appliances: async () => (await json<{ appliances: ApplianceInfo[] }>("GET", "/v1/appliances")).appliances,
    startAppliance: (name) => json("POST", `/v1/appliances/${segment(name)}/start`),
    stopAppliance: (name) => json("POST", `/v1/appliances/${segment(name)}/stop`),
    removeAppliance: (name, disks) => none("DELETE", `/v1/appliances/${segment(name)}?disks=${disks}`),
    host: () => json("GET", "/v1/host"),
    status: async () => read<StatusInfo>(await call("GET", "/v1/status", { signal: AbortSignal.timeout(STATUS_MS) })),
    health: () => none("GET", "/v1/health"),
  };
}

async function allPages(page: (after: string) => Promise<{ apps: AppInfo[]; next: string | null }>): Promise<AppInfo[]> {
  const all: AppInfo[] = [];
  for (let after: string | null = ""; after !== null;) {
    const { apps, next }: { apps: AppInfo[]; next: string | null } = await page(after);
    all.push(...apps);
    after = next;
  }
  return all;
}

/** A server that says nothing for so long is not well, whatever it says then. */
const STATUS_MS = 15_000;

/** A failure that the server reported, in its own words. */
class RemoteError extends MayflyError {
  readonly #cure: string;

  constructor(error: ErrorBody["error"]) {
    super(error.code in errorTable ? error.code : "internal");
    this.message = error.message;
    this.#cure = error.cure;
  }

  override get cure(): string {
    return this.#cure;
  }
}

type CallInit = Partial<Omit<Sending, "method">>;

function baseOf({ url }: ClientOptions): string {
  return url.replace(/\/+$/, "");
}

/** Throws "connection-lost" where the server goes before the end. */
async function* whole<T>(lines: AsyncGenerator<T, void>, url: string): AsyncGenerator<T, void> {
  try {
    yield* lines;
  } catch (error) {
    throw connectionLost(url, error) ?? error;
  }
}

function caller(options: ClientOptions) {
  const { token, pin } = options;
  const base = baseOf(options);
  const send = createSend(pin === undefined ? {} : pinnedTo(pin));
  return async (method: string, path: string, init: CallInit): Promise<Response> => {
    const headers = { ...init.headers, authorization: `Bearer ${token}` };
    const response = await send(base + path, { ...init, method, headers }).catch((error: unknown) => {
      throw unreachable(base, error);
    });
    if (!response.ok) throw await remoteError(response, base);
    return response;
  };
}

/** Where a name has several addresses the reason is in the codes alone. */
function unreachable(url: string, error: unknown): unknown {
  if (error instanceof Error && error.name === "AbortError") return error;
  const known = connectionLost(url, error) ?? notTrusted(url, error);
  if (known !== undefined) return known;
  if (error instanceof Error && error.name === "TimeoutError")
    return new MayflyError("api-unreachable", { url, reason: `it said nothing for ${STATUS_MS / 1_000} s` }, error);
  const reason = error instanceof Error ? error.message || (error as NodeJS.ErrnoException).code || error.name : String(error);
  return new MayflyError("api-unreachable", { url, reason }, error);
}

async function remoteError(response: Response, url: string): Promise<MayflyError> {
  const text = await response.text().catch((error: unknown) => {
    throw connectionLost(url, error) ?? error;
  });
  try {
    const { error } = JSON.parse(text) as ErrorBody;
    if (typeof error.code === "string") return new RemoteError(error);
  } catch (error) {
    return new MayflyError("api-unreachable", { url, reason: `it answered ${response.status} with no JSON; is it Mayfly's API?` }, error);
  }
  return new MayflyError("api-unreachable", { url, reason: `it answered ${response.status} in an unknown form` });
}

/** A part "manifest" (JSON), and a part "functions" per function, whose file name says its name and format: hello.cjs. */
function deployForm(manifest: Manifest, bundles: Bundle[]): FormData {
  const form = new FormData();
  form.set("manifest", JSON.stringify(manifest));
  for (const { function: name, format, code } of bundles) {
    const blob = new Blob([code as Uint8Array<ArrayBuffer>], { type: "text/javascript" });
    form.append("functions", blob, `${name}.${format === "esm" ? "mjs" : "cjs"}`);
  }
  return form;
}

function logPath(filter: LogFilter, suffix: string): string {
  const query = new URLSearchParams();
  if (filter.function !== undefined) query.set("function", filter.function);
  if (filter.tail !== undefined) query.set("tail", String(filter.tail));
  if (filter.since !== undefined) query.set("since", String(filter.since));
  return `/v1/apps/${segment(filter.app)}/logs${suffix}?${query.toString()}`;
}

function monthQuery(month: string | undefined): string {
  return month === undefined ? "" : `?month=${segment(month)}`;
}

function jsonBody(body: unknown): CallInit {
  return { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
}

const segment = encodeURIComponent;
