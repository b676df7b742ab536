/**
 * Mayfly for programs: its management API, and calls of functions. `api` has every route, typed from the server's OpenAPI document; the methods beside it are
 * what nearly every program does, or what the document can't describe. Every failure is a MayflyError.
 */
import createFetch, { type Client } from "openapi-fetch";
import { deployForm, type Deployment } from "./deploy-form.ts";
import { errorOf, MayflyError } from "./errors.ts";
import { jsonLines } from "./json-lines.ts";
import type { components, operations, paths } from "./openapi.ts";

export { errorOf, MayflyError, type ErrorCode } from "./errors.ts";
export type { Deployment, FunctionCode } from "./deploy-form.ts";
export type { components, operations, paths } from "./openapi.ts";

type Schemas = components["schemas"];
export type App = Schemas["App"];
export type Deployed = Schemas["Deployed"];
export type LogLine = Schemas["LogLine"];
export type Bill = Schemas["Bill"];
export type AppBill = Schemas["OneBill"];
export type DeployQuery = NonNullable<operations["deploy"]["parameters"]["query"]>;
export type LogQuery = NonNullable<operations["logs"]["parameters"]["query"]>;

export interface MayflyOptions {
  /** Where the management API answers: "http://127.0.0.1:7070". In a page of that server: "". */
  url: string;
  token: string;
  /** Whose apps are meant. By default the tenant of the token, or `main`. */
  tenant?: string;
  /** Where functions are called. By default the server is asked, which knows the address that it listens on. */
  gateway?: string;
  /** In place of the global one, for a proxy or a certificate of one's own. */
  fetch?: (request: Request) => Promise<Response>;
}

export interface Mayfly {
  /** Every route: `api.GET("/v1/apps/{app}", { params: { path: { app } } })`. See ok(). */
  api: Client<paths>;
  /** Stores a revision and sends calls to it, or as `query` says. */
  deploy(deployment: Deployment, query?: DeployQuery): Promise<Deployed>;
  apps(): Promise<App[]>;
  /** Removes the app with its revisions, secrets and logs. */
  remove(app: string): Promise<void>;
  /**
   * Calls a function through the gateway. The reply is as it comes, whatever its status: a body that streams can be read while it does. errorOf() tells errors
   * of the platform from what the function answered.
   * @param target "app/function", with a path and a query below it if you like: "shop/cart/7?full=1"
   */
  call(target: string, init?: RequestInit): Promise<Response>;
  /** The newest lines, oldest first. */
  logs(app: string, query?: LogQuery): Promise<LogLine[]>;
  /** Gives the newest lines, then new ones as they are written, until the signal is aborted or the server ends. */
  followLogs(app: string, query?: LogQuery, signal?: AbortSignal): AsyncGenerator<LogLine, void>;
  /** @param month such as "2026-11", in UTC; by default the present one */
  bill(month?: string): Promise<Bill>;
  appBill(app: string, month?: string): Promise<AppBill>;
  /** May be set before the app's first deploy. Values never leave the server. */
  setSecret(app: string, name: string, value: string): Promise<void>;
  removeSecret(app: string, name: string): Promise<void>;
  secretNames(app: string): Promise<string[]>;
}

export function createMayfly({ url, token, tenant, gateway, fetch: given }: MayflyOptions): Mayfly {
  const base = url.replace(/\/+$/, "");
  const send = reaching(base, given ?? ((request: Request) => fetch(request)));
  const headers = { authorization: `Bearer ${token}`, ...(tenant !== undefined && { "mayfly-tenant": tenant }) };
  const api = createFetch<paths>({ baseUrl: base, headers, fetch: send });
  api.use({
    onRequest({ params }) {
      for (const [name, value] of Object.entries(params.path ?? {})) refuseDots(name, String(value));
    },
    async onResponse({ response }) {
      if (!response.ok) throw (await errorOf(response)) ?? unknownReply(base, response.status);
    },
  });
  let asked: Promise<string> | undefined;
  const gatewayUrl = () => {
    asked ??= findGateway().catch((error: unknown) => {
      // The next call asks again.
      asked = undefined;
      throw error;
    });
    return asked;
  };
  async function findGateway(): Promise<string> {
    const at = (gateway ?? (await ok(api.GET("/v1/host"))).urls.gateway).replace(/\/+$/, "");
    const of = tenant ?? (await ok(api.GET("/v1/principal"))).tenant ?? "main";
    return of === "main" ? at : `${at}/@${encodeURIComponent(of)}`;
  }
  return {
    api,
    deploy: (deployment, query = {}) =>
      ok(
        api.POST("/v1/apps/{app}/versions", {
          params: { path: { app: deployment.manifest.name }, query },
          body: { manifest: "" },
          bodySerializer: () => deployForm(deployment),
        }),
      ),
    async apps() {
      const all: App[] = [];
      for (let after: string | null = ""; after !== null;) {
        const { apps, next }: Schemas["AppList"] = await ok(api.GET("/v1/apps", { params: { query: { after } } }));
        all.push(...apps);
        // The pages are in the order of names. A page that does not go on would be asked for without end.
        if (next !== null && next <= after) throw new Error("The server's list of apps does not go on: its next page begins before this one.");
        after = next;
      }
      return all;
    },
    remove: async (app) => void (await api.DELETE("/v1/apps/{app}", { params: { path: { app } } })),
    async call(target, init) {
      return send(new Request(`${await gatewayUrl()}/${target.replace(/^\/+/, "")}`, init));
    },
    logs: async (app, query = {}) => (await ok(api.GET("/v1/apps/{app}/logs", { params: { path: { app }, query } }))).lines,
    async *followLogs(app, query = {}, signal) {
      const { response } = await api.GET("/v1/apps/{app}/logs/follow", {
        params: { path: { app }, query },
        parseAs: "stream",
        ...(signal && { signal }),
      });
      yield* jsonLines<LogLine>(response, signal);
    },
    bill: (month) => ok(api.GET("/v1/bill", { params: { query: month === undefined ? {} : { month } } })),
    appBill: (app, month) =>
      ok(api.GET("/v1/apps/{app}/bill", { params: { path: { app }, query: month === undefined ? {} : { month } } })),
    setSecret: async (app, name, value) =>
      void (await api.PUT("/v1/apps/{app}/secrets/{name}", { params: { path: { app, name } }, body: { value } })),
    removeSecret: async (app, name) => void (await api.DELETE("/v1/apps/{app}/secrets/{name}", { params: { path: { app, name } } })),
    secretNames: async (app) => (await ok(api.GET("/v1/apps/{app}/secrets", { params: { path: { app } } }))).names,
  };
}

/** What a request of `api` is answered with. It rejects with a MayflyError if that is an error, so that nothing is left to ask for. */
export async function ok<Data>(answer: Promise<{ data?: Data }>): Promise<Exclude<Data, undefined>> {
  return (await answer).data as Exclude<Data, undefined>;
}

/** A server that can't be reached is an error like any other. */
function reaching(base: string, send: (request: Request) => Promise<Response>): (request: Request) => Promise<Response> {
  return async (request) => {
    try {
      return await send(request);
    } catch (error) {
      if (request.signal.aborted) throw error;
      const { message, cause } = error as Error & { cause?: { message?: string; code?: string } };
      const reason = cause?.message || cause?.code || message;
      throw new MayflyError(
        { code: "api-unreachable", message: `No Mayfly answers at ${base || "this page's server"}: ${reason}.`, cure: "Start it with `mayfly serve`, or name another address.", docs: "docs/errors.md#api-unreachable" },
        0,
        error,
      );
    }
  };
}

/** URLs drop `.` and `..` together with what is before them: the request would be for something else. */
function refuseDots(name: string, value: string): void {
  if (value !== "." && value !== "..") return;
  throw new MayflyError(
    { code: "bad-request", message: `${name} is "${value}", which is no name.`, cure: "Give it another name.", docs: "docs/errors.md#bad-request" },
    0,
  );
}

function unknownReply(base: string, status: number): MayflyError {
  return new MayflyError(
    { code: "api-unreachable", message: `${base} answered ${status}, and not as Mayfly does.`, cure: "Check the address.", docs: "docs/errors.md#api-unreachable" },
    status,
  );
}
