/** The management API: one route table, a handler each, one place where errors become replies. */
import { OpenAPIHono } from "@hono/zod-openapi";
import type { Appliances } from "../appliances/appliances.ts";
import type { Catalog } from "../catalog/catalog.ts";
import { type Clock, systemClock } from "../clock/clock.ts";
import type { OpenAccounts } from "../ledger/create-accounts.ts";
import type { Logs } from "../logs/logs.ts";
import { authorize } from "./authorize.ts";
import { limitBody } from "./limit-body.ts";
import { type ListenOptions, type Listening, listen } from "./listen.ts";
import type { Platform } from "./platform.ts";
import { refuseInvalid, replyNotFound, replyWithError } from "./replies.ts";
import * as routes from "./routes.ts";
import { addAppliances } from "./handlers/appliances.ts";
import { addApps } from "./handlers/apps.ts";
import { addBills } from "./handlers/bills.ts";
import { addLogs } from "./handlers/logs.ts";
import { addPlatform } from "./handlers/platform.ts";
import { addSecrets } from "./handlers/secrets.ts";

export interface ApiOptions {
  catalog: Catalog;
  logs: Logs;
  accounts: OpenAccounts;
  platform: Platform;
  appliances: Appliances;
  token: string;
  clock?: Clock;
  /** A failure that is not the caller's fault, for the server's own log. */
  onError: (error: unknown) => void;
}

export interface Api {
  /** The Hono app: `fetch(request)` answers without a socket. */
  app: OpenAPIHono;
  listen(options: ListenOptions): Promise<Listening>;
}

/** What the handlers work with. */
export type Parts = Required<ApiOptions>;

export function createApi(options: ApiOptions): Api {
  const parts = { clock: systemClock, ...options };
  const app = new OpenAPIHono({ defaultHook: refuseInvalid });
  app.onError(replyWithError(parts.onError));
  app.notFound(replyNotFound);
  app.openapi(routes.health, (context) => context.json({ ok: true as const }, 200));
  document(app);
  app.use("*", authorize(parts.token), limitBody);
  addPlatform(app, parts);
  addApps(app, parts);
  addSecrets(app, parts);
  addLogs(app, parts);
  addBills(app, parts);
  addAppliances(app, parts);
  return { app, listen: (where) => listen(app, where) };
}

function document(app: OpenAPIHono): void {
  app.openAPIRegistry.registerComponent("securitySchemes", "token", { type: "http", scheme: "bearer" });
  app.doc31("/openapi.json", {
    openapi: "3.1.0",
    info: { title: "Mayfly management API", version: "1", license: { name: "Apache-2.0" } },
    servers: [{ url: "/" }],
    security: [{ token: [] }],
  });
}
