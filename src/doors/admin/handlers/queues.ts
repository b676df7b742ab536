import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import {
  createQueue,
  listQueues,
  peekMessages,
  purgeQueue,
  type QueueCaller,
  redriveQueue,
  removeQueue,
  sendMessage,
  shareQueue,
  type ShownQueue,
  showQueue,
} from "../../../control/queues.ts";
import type { PeekedMessage, QueueSettings } from "../../../services/queues/queue.ts";
import type { Parts } from "../parts.ts";
import * as routes from "../routes.ts";
import { type ApiEnv, scopeOf } from "../scope.ts";

export function addQueues(api: OpenAPIHono<ApiEnv>, { catalog, queues }: Parts): void {
  const parts = { names: catalog.names, queues };

  api.openapi(routes.queues, async (context) => {
    const { app, after, limit } = context.req.valid("query");
    const found = await listQueues(parts, callerOf(context), { app, after, most: limit });
    return context.json({ queues: found.map(shown) }, 200);
  });

  api.openapi(routes.createQueue, async (context) => {
    const { name, app, ...settings } = context.req.valid("json");
    return context.json(shown(await createQueue(parts, callerOf(context), { name, app, settings: settingsOf(settings) })), 201);
  });

  api.openapi(routes.queue, async (context) => {
    return context.json(shown(await showQueue(parts, callerOf(context), context.req.valid("param").queue)), 200);
  });

  api.openapi(routes.removeQueue, async (context) => {
    await removeQueue(parts, callerOf(context), context.req.valid("param").queue);
    return context.body(null, 204);
  });

  api.openapi(routes.shareQueue, async (context) => {
    const { apps } = context.req.valid("json");
    return context.json(shown(await shareQueue(parts, callerOf(context), context.req.valid("param").queue, apps)), 200);
  });

  api.openapi(routes.sendToQueue, async (context) => {
    const { delayS, ...message } = context.req.valid("json");
    const caller = { ...callerOf(context), sender: scopeOf(context).principal.id };
    const delayMs = delayS === undefined ? undefined : 1_000 * delayS;
    const { id } = await sendMessage(parts, caller, context.req.valid("param").queue, { ...message, delayMs });
    return context.json({ id }, 201);
  });

  api.openapi(routes.peekQueue, async (context) => {
    const messages = await peekMessages(parts, callerOf(context), context.req.valid("param").queue, context.req.valid("query").limit);
    return context.json({ messages: messages.map(shownMessage) }, 200);
  });

  api.openapi(routes.purgeQueue, async (context) => {
    return context.json({ count: await purgeQueue(parts, callerOf(context), context.req.valid("param").queue) }, 200);
  });

  api.openapi(routes.redriveQueue, async (context) => {
    const task = await redriveQueue(parts, callerOf(context), context.req.valid("param").queue, context.req.valid("json"));
    return context.json({ id: task.id, total: task.total }, 200);
  });
}

function callerOf(context: Context<ApiEnv>): QueueCaller {
  const { tenant, principal } = scopeOf(context);
  return { tenant, apps: principal.apps };
}

interface GivenSettings {
  deadLetters?: QueueSettings["deadLetters"] | undefined;
  visibilityS?: number | undefined;
  delayS?: number | undefined;
  retentionS?: number | undefined;
  contentDedup?: boolean | undefined;
}

function settingsOf({ visibilityS, delayS, retentionS, deadLetters, contentDedup }: GivenSettings): Partial<QueueSettings> {
  return {
    ...(visibilityS !== undefined && { visibilityMs: 1_000 * visibilityS }),
    ...(delayS !== undefined && { delayMs: 1_000 * delayS }),
    ...(retentionS !== undefined && { retentionMs: 1_000 * retentionS }),
    ...(deadLetters !== undefined && { deadLetters }),
    ...(contentDedup !== undefined && { contentDedup }),
  };
}

function shown({ name, app, isFifo, visible, inFlight, delayed, bytes, visibilityMs, delayMs, retentionMs, ...rest }: ShownQueue) {
  return {
    name,
    app,
    fifo: isFifo,
    visible,
    inFlight,
    delayed,
    bytes,
    visibilityS: visibilityMs / 1_000,
    delayS: delayMs / 1_000,
    retentionS: retentionMs / 1_000,
    deadLetters: rest.deadLetters,
    sharedWith: rest.sharedWith,
    createdAt: timeOf(rest.createdAt),
  };
}

function shownMessage({ id, body, group, from, receives, sentAt, visibleAt }: PeekedMessage) {
  return {
    id,
    body,
    ...(group !== undefined && { group }),
    ...(from !== undefined && { from }),
    receives,
    sentAt: timeOf(sentAt),
    visibleAt: timeOf(visibleAt),
  };
}

function timeOf(at: number): string {
  return new Date(at).toISOString();
}
