import type { OpenAPIHono } from "@hono/zod-openapi";
import { MayflyError } from "../../errors/error.ts";
import type { Parts } from "../create-api.ts";
import * as routes from "../routes.ts";
import { readUpload } from "../upload.ts";

export function addApps(api: OpenAPIHono, { catalog, appliances, logs, platform }: Parts): void {
  api.openapi(routes.listApps, (context) => context.json({ apps: catalog.list() }, 200));

  api.openapi(routes.getApp, (context) => {
    const { app } = context.req.valid("param");
    const found = catalog.list().find((row) => row.app === app);
    if (!found) throw new MayflyError("no-such-app", { app });
    return context.json(found, 200);
  });

  api.openapi(routes.explain, (context) => {
    const { app } = context.req.valid("param");
    if (!catalog.live(app)) throw new MayflyError("no-such-app", { app });
    const { decisions, ...rest } = platform.explain(app);
    const oldest = Math.max(0, decisions.length - context.req.valid("query").limit);
    return context.json({ ...rest, decisions: decisions.slice(oldest) }, 200);
  });

  api.openapi(routes.deploy, async (context) => {
    const { manifest, bundles } = await readUpload(context.req.valid("param").app, context.req.valid("form"));
    if (appliances.has(manifest.name)) throw new MayflyError("name-taken", { name: manifest.name, owner: "an appliance" });
    await platform.prepare(manifest);
    const version = catalog.deploy(manifest, bundles);
    platform.deployed(version);
    return context.json(version, 201);
  });

  api.openapi(routes.pointTo, (context) => {
    const version = catalog.pointTo(context.req.valid("param").app, context.req.valid("json").version);
    platform.deployed(version);
    return context.json(version, 200);
  });

  api.openapi(routes.removeApp, async (context) => {
    const { app } = context.req.valid("param");
    catalog.remove(app);
    await platform.removed(app);
    await logs.remove(app);
    return context.body(null, 204);
  });
}
