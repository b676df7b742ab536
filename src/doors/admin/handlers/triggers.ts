import type { OpenAPIHono } from "@hono/zod-openapi";
import { fireTrigger, listTriggers, pauseTrigger, type ShownTrigger } from "../../../control/triggers.ts";
import { tenantInUrl } from "../../../control/names.ts";
import type { Parts } from "../parts.ts";
import * as routes from "../routes.ts";
import { type ApiEnv, tenantOf } from "../scope.ts";
import type { TriggerInfo } from "../trigger-schemas.ts";

export function addTriggers(api: OpenAPIHono<ApiEnv>, parts: Parts): void {
  const of = { ...parts.durable, catalog: parts.catalog };

  api.openapi(routes.triggers, async (context) => {
    const { app } = context.req.valid("param");
    const tenant = tenantOf(context);
    const within = tenantInUrl(parts.catalog.names, tenant);
    const base = `/_mayfly/hooks/${within === null ? "" : `@${within}/`}${app}/`;
    const all = await listTriggers(of, tenant, app);
    return context.json({ triggers: all.map((trigger) => triggerInfo(trigger, base)) }, 200);
  });

  api.openapi(routes.fireTrigger, async (context) => {
    const { app, trigger } = context.req.valid("param");
    const { payload } = context.req.valid("json");
    return context.json(await fireTrigger(of, tenantOf(context), app, trigger, payload, parts.clock.wall()), 201);
  });

  api.openapi(routes.pauseTrigger, async (context) => {
    const { app, trigger } = context.req.valid("param");
    await pauseTrigger(of, tenantOf(context), app, trigger, context.req.valid("json").paused);
    return context.body(null, 204);
  });
}

/** @param base of the paths at which others send to the app's triggers */
function triggerInfo(trigger: ShownTrigger, base: string): TriggerInfo {
  const { name, target, kind, definition, isPaused, nextTimes, firesAt, last, why, fired, missed } = trigger;
  const path = kind === "webhook" || kind === "cloudevents" ? `${base}${name}` : null;
  return { name, function: target, kind, definition, paused: isPaused, path, nextTimes, firesAt, last, why, fired, missed };
}
