import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Parts } from "../create-api.ts";
import * as routes from "../routes.ts";

export function addSecrets(api: OpenAPIHono, { catalog, platform }: Parts): void {
  api.openapi(routes.secretNames, (context) => {
    return context.json({ names: catalog.secretNames(context.req.valid("param").app) }, 200);
  });

  api.openapi(routes.setSecret, (context) => {
    const { app, name } = context.req.valid("param");
    catalog.setSecret(app, name, context.req.valid("json").value);
    renewMachines(app, name);
    return context.body(null, 204);
  });

  api.openapi(routes.removeSecret, (context) => {
    const { app, name } = context.req.valid("param");
    catalog.removeSecret(app, name);
    renewMachines(app, name);
    return context.body(null, 204);
  });

  /** Machines get secrets when they are bound: those that have an old value get no more work. */
  function renewMachines(app: string, name: string): void {
    const live = catalog.live(app);
    if (live?.manifest.secrets.includes(name)) platform.deployed(live);
  }
}
