import type { OpenAPIHono } from "@hono/zod-openapi";
import { explainApp, listApps, showApp } from "../../../control/apps.ts";
import { deploy } from "../../../control/deploy.ts";
import { point } from "../../../control/point.ts";
import { remove } from "../../../control/remove.ts";
import type { Parts } from "../parts.ts";
import * as routes from "../routes.ts";
import { readUpload } from "../upload.ts";

export function addApps(api: OpenAPIHono, parts: Parts): void {
  api.openapi(routes.listApps, (context) => {
    const { after, limit } = context.req.valid("query");
    return context.json(listApps(parts, after, limit), 200);
  });

  api.openapi(routes.getApp, (context) => context.json(showApp(parts, context.req.valid("param").app), 200));

  api.openapi(routes.explain, (context) =>
    context.json(explainApp(parts, context.req.valid("param").app, context.req.valid("query").limit), 200),
  );

  api.openapi(routes.deploy, async (context) => {
    const { manifest, bundles } = await readUpload(context.req.valid("param").app, context.req.valid("form"));
    return context.json(await deploy(parts, manifest, bundles), 201);
  });

  api.openapi(routes.pointTo, (context) =>
    context.json(point(parts, context.req.valid("param").app, context.req.valid("json").version), 200),
  );

  api.openapi(routes.removeApp, async (context) => {
    await remove(parts, context.req.valid("param").app);
    return context.body(null, 204);
  });
}
