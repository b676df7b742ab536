import type { OpenAPIHono } from "@hono/zod-openapi";
import { acceptEvent, pauseEvents } from "../../../control/events.ts";
import { waitInWords } from "../../../control/wait-in-words.ts";
import { appIdOf } from "../../../control/names.ts";
import type { ShownEvent } from "../../../events/store/look.ts";
import type { EventInfo } from "../event-schemas.ts";
import type { Parts } from "../parts.ts";
import * as routes from "../routes.ts";
import { type ApiEnv, tenantOf } from "../scope.ts";

/** There is no caller whose trace it could be part of. */
const NO_TRACE = { traceparent: "", tracestate: "" };

export function addEvents(api: OpenAPIHono<ApiEnv>, parts: Parts): void {
  const { durable } = parts;
  const idOf = (tenant: string, app: string) => appIdOf(parts.catalog.names, tenant, app);

  api.openapi(routes.acceptEvent, async (context) => {
    const { app, function: name } = context.req.valid("param");
    const { payload = {}, version, delayS = 0, idempotencyKey, orderKey, priority } = context.req.valid("json");
    const accepted = await acceptEvent({ ...durable, catalog: parts.catalog }, tenantOf(context), app, {
      function: name,
      version,
      payload: Buffer.from(JSON.stringify(payload)),
      source: { kind: "call" },
      trace: NO_TRACE,
      ...(delayS > 0 && { dueAt: parts.clock.wall() + Math.round(1_000 * delayS) }),
      ...(idempotencyKey !== undefined && { idempotencyKey }),
      ...(orderKey !== undefined && { orderKey }),
      ...(priority !== undefined && { priority }),
    });
    return context.json(accepted, 201);
  });

  api.openapi(routes.pauseEvents, async (context) => {
    const { app, function: name } = context.req.valid("param");
    await pauseEvents({ ...durable, catalog: parts.catalog }, tenantOf(context), app, name, context.req.valid("json").paused);
    return context.body(null, 204);
  });

  api.openapi(routes.events, async (context) => {
    const { state, limit, before } = context.req.valid("query");
    const page = await durable.events.list(idOf(tenantOf(context), context.req.valid("param").app), state, limit, before);
    return context.json({ events: page.events.map(eventInfo), next: page.next }, 200);
  });

  api.openapi(routes.event, async (context) => {
    const { app, event } = context.req.valid("param");
    const { payload, result, waitsFor, ...shown } = await durable.events.show(idOf(tenantOf(context), app), event);
    const waits = waitsFor === null ? null : `It ${waitInWords(waitsFor, parts.clock.wall())}.`;
    return context.json({ ...eventInfo(shown), payload: asText(payload), result: asText(result ?? undefined), waitsFor: waits }, 200);
  });

  api.openapi(routes.cancelEvent, async (context) => {
    const { app, event } = context.req.valid("param");
    await durable.events.cancel(idOf(tenantOf(context), app), event);
    return context.body(null, 204);
  });

  api.openapi(routes.retryEvent, async (context) => {
    const { app, event } = context.req.valid("param");
    await durable.events.retry(idOf(tenantOf(context), app), event);
    return context.body(null, 204);
  });

  api.openapi(routes.deadLetters, async (context) => {
    const { limit, before } = context.req.valid("query");
    const page = await durable.events.deadLetters.list(idOf(tenantOf(context), context.req.valid("param").app), limit, before);
    return context.json({ events: page.events.map(eventInfo), next: page.next }, 200);
  });

  api.openapi(routes.redriveDeadLetters, async (context) => {
    const app = idOf(tenantOf(context), context.req.valid("param").app);
    return context.json({ count: await durable.events.deadLetters.redrive(app, context.req.valid("json").ids ?? null) }, 200);
  });

  api.openapi(routes.purgeDeadLetters, async (context) => {
    const app = idOf(tenantOf(context), context.req.valid("param").app);
    return context.json({ count: await durable.events.deadLetters.purge(app, context.req.valid("json").ids ?? null) }, 200);
  });
}

function eventInfo({ id, target, state, source, acceptedAt, dueAt, endedAt, attempts, why }: ShownEvent): EventInfo {
  return { id, function: target, state, source, acceptedAt, dueAt, endedAt, attempts, why };
}

function asText(bytes: Uint8Array | undefined): string | null {
  return bytes === undefined ? null : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
}
