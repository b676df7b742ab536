import type { OpenAPIHono } from "@hono/zod-openapi";
import { explainApp, listApps, showApp } from "../../../control/apps.ts";
import { deploy } from "../../../control/deploy.ts";
import { appIdOf } from "../../../control/names.ts";
import { remove } from "../../../control/remove.ts";
import { explainRuns } from "../../../control/runs.ts";
import { explainEvents } from "../../../control/wait-in-words.ts";
import type { Parts } from "../parts.ts";
import { readForm } from "../read-form.ts";
import * as routes from "../routes.ts";
import { type ApiEnv, holderOf, scopeOf, tenantOf } from "../scope.ts";
import { placementOf } from "../placement.ts";
import { appInfo, canaryInfo, revisionInfo } from "../shapes.ts";
import { ALL_UPLOADS_BYTES, UploadBudget } from "../upload-budget.ts";
import { readUpload } from "../upload.ts";

export function addApps(api: OpenAPIHono<ApiEnv>, parts: Parts): void {
  api.openapi(routes.apps, (context) => {
    const { apps, next } = listApps(parts, tenantOf(context), scopeOf(context).principal.apps, context.req.valid("query"));
    return context.json({ apps: apps.map(appInfo), next }, 200);
  });

  api.openapi(routes.app, (context) => context.json(appInfo(showApp(parts, tenantOf(context), context.req.valid("param").app)), 200));

  api.openapi(routes.explain, async (context) => {
    const { app } = context.req.valid("param");
    const { now, ...explanation } = explainApp(parts, tenantOf(context), app, context.req.valid("query").limit);
    const runs = await explainRuns({ names: parts.catalog.names, runs: parts.runs }, tenantOf(context), app);
    const id = appIdOf(parts.catalog.names, tenantOf(context), app);
    const events = await explainEvents(parts.durable.events, id, parts.clock.wall());
    return context.json({ ...explanation, now: [...now, ...events, ...runs] }, 200);
  });

  api.post(
    "/v1/apps/:app/versions",
    readForm<ApiEnv>(
      new UploadBudget(ALL_UPLOADS_BYTES),
      (holder) => parts.catalog.receiveFiles(holder),
      (context) => holderOf(scopeOf(context).principal),
    ),
  );
  api.openapi(routes.deploy, async (context) => {
    const { manifest, bundles, large } = readUpload(context.req.valid("param").app, context.req.valid("form"));
    const placement = placementOf(context.req.valid("query"));
    const { revision, moved, before, canary } = await deploy(parts, tenantOf(context), manifest, bundles, large, placement);
    // What the revision's triggers follow starts them from the reply on.
    await parts.durable.triggersSettled();
    context.set("target", `${manifest.name}/${revision.number}`);
    return context.json({ ...revisionInfo(revision), changed: moved, before, canary: canary && canaryInfo(canary) }, 201);
  });

  api.openapi(routes.removeApp, async (context) => {
    await remove(parts, tenantOf(context), context.req.valid("param").app);
    return context.body(null, 204);
  });
}
