/** The management API: one table of routes, a handler for each, and one place where errors become replies. */
import { OpenAPIHono } from "@hono/zod-openapi";
import { systemClock } from "../../base/clock/clock.ts";
import { authorize } from "./authorize.ts";
import { limitBody } from "./limit-body.ts";
import { type ApiListener, type Listening, listen } from "./listen.ts";
import { refuseInvalid, replyNotFound, replyWithError } from "./replies.ts";
import * as routes from "./routes.ts";
import { addAppliances } from "./handlers/appliances.ts";
import { addAliases } from "./handlers/aliases.ts";
import { addApps } from "./handlers/apps.ts";
import { addBills } from "./handlers/bills.ts";
import { addLogs } from "./handlers/logs.ts";
import { addPlatform } from "./handlers/platform.ts";
import { addSecrets } from "./handlers/secrets.ts";
import { addSignedUrls } from "./handlers/signed-urls.ts";
import type { ApiOptions } from "./parts.ts";

export interface Api {
  /** The Hono app: `fetch(request)` answers without a socket. */
  app: OpenAPIHono;
  listen(listener: ApiListener): Promise<Listening>;
}

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
  addAliases(app, parts);
  addSecrets(app, parts);
  addSignedUrls(app, parts);
  addLogs(app, parts);
  addBills(app, parts);
  addAppliances(app, parts);
  return { app, listen: (listener) => listen(app, listener) };
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
