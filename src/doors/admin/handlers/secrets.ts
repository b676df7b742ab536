import type { OpenAPIHono } from "@hono/zod-openapi";
import { tooMuchEnvironment } from "../../../store/catalog/environment-limit.ts";
import { MayflyError } from "../../../base/errors/error.ts";
import * as routes from "../routes.ts";
import type { Parts } from "../parts.ts";

export function addSecrets(api: OpenAPIHono, { catalog, platform }: Parts): void {
  api.openapi(routes.secretNames, (context) => {
    return context.json({ names: catalog.secretNames(context.req.valid("param").app) }, 200);
  });

  api.openapi(routes.setSecret, (context) => {
    const { app, name } = context.req.valid("param");
    const { value } = context.req.valid("json");
    refuseTooMuch(app, name, value);
    catalog.setSecret(app, name, value);
    renewMachines(app, name);
    return context.body(null, 204);
  });

  api.openapi(routes.removeSecret, (context) => {
    const { app, name } = context.req.valid("param");
    catalog.removeSecret(app, name);
    renewMachines(app, name);
    return context.body(null, 204);
  });

  /** Calls of the live version would find out otherwise, one by one. */
  function refuseTooMuch(app: string, name: string, value: string): void {
    const live = catalog.live(app);
    if (!live?.manifest.secrets.includes(name)) return;
    const set = new Set(catalog.secretNames(app));
    const others = live.manifest.secrets.filter((each) => each !== name && set.has(each));
    const what = tooMuchEnvironment(live.manifest, { ...catalog.secrets(app, others), [name]: value });
    if (what !== undefined) throw new MayflyError("bad-request", { what: `with this value of ${name}, ${what}; nothing was set` });
  }

  /** Machines get secrets when they are bound: those that have an old value get no more work. */
  function renewMachines(app: string, name: string): void {
    const live = catalog.live(app);
    if (live?.manifest.secrets.includes(name)) platform.deployed(live);
  }
}
