import type { OpenAPIHono } from "@hono/zod-openapi";
import { answerRun, functionOfRun, historyOfRun, listRuns, type RunName, type RunParts, showRun, stopRun } from "../../../control/runs.ts";
import { errorIn } from "../../../durable/call-payload.ts";
import type { CallbackMessage } from "../../../durable/machine/by-itself.ts";
import type { NumberedEvent, ShownExecution, Waiting } from "../../../durable/store/look.ts";
import { whyOpen } from "../../../durable/why-open.ts";
import type { Parts } from "../parts.ts";
import * as routes from "../routes.ts";
import type { RunInfo } from "../run-schemas.ts";
import { type ApiEnv, tenantOf } from "../scope.ts";

export function addRuns(api: OpenAPIHono<ApiEnv>, { catalog, runs }: Parts): void {
  const parts: RunParts = { names: catalog.names, runs };
  const named = (tenant: string, { app, run }: { app: string; run: string }): RunName => ({ tenant, app, run });

  api.openapi(routes.runs, async (context) => {
    const { limit: most, before: after, ...query } = context.req.valid("query");
    const { app } = context.req.valid("param");
    const page = await listRuns(parts, tenantOf(context), app, { ...query, most, after });
    return context.json({ runs: page.executions.map((each) => runInfo(app, each)), next: page.next }, 200);
  });

  api.openapi(routes.run, async (context) => {
    const found = await showRun(parts, named(tenantOf(context), context.req.valid("param")));
    const { waitsFor, isRunning, wantedAt, invocations, operations, events, bytes, input, result, error } = found;
    return context.json(
      {
        ...runInfo(context.req.valid("param").app, found),
        why: whyOpen(found),
        waitsFor: waitsFor.map(waitingInfo),
        isCalled: isRunning,
        calledAgainAt: wantedAt,
        calls: invocations,
        operations,
        events,
        bytes,
        input: input ?? null,
        result: result ?? null,
        error: error ?? null,
      },
      200,
    );
  });

  api.openapi(routes.runHistory, async (context) => {
    const { limit: most, after = null } = context.req.valid("query");
    const page = await historyOfRun(parts, named(tenantOf(context), context.req.valid("param")), { after, most });
    return context.json({ events: page.events.map(eventInfo), next: page.next }, 200);
  });

  api.openapi(routes.answerRun, async (context) => {
    const { callback, result, error } = context.req.valid("json");
    const message: CallbackMessage = error === undefined ? { kind: "succeed", result } : { kind: "fail", error: errorIn(error) };
    const { callbackId, name } = await answerRun(parts, named(tenantOf(context), context.req.valid("param")), callback, message);
    return context.json({ id: callbackId, name: name ?? null }, 200);
  });

  api.openapi(routes.stopRun, async (context) => {
    const { error } = context.req.valid("json");
    await stopRun(parts, named(tenantOf(context), context.req.valid("param")), error && errorIn(error));
    return context.body(null, 204);
  });
}

function runInfo(app: string, execution: ShownExecution): RunInfo {
  const { id, name, version, status, startedAt, endedAt, timesOutAt } = execution;
  return { id, name, function: functionOfRun(app, execution), version, status, startedAt, endedAt, timesOutAt };
}

function waitingInfo({ type, status, name, dueAt, callbackId }: Waiting) {
  return { type, status, name: name ?? null, dueAt, callbackId: callbackId ?? null };
}

function eventInfo({ number, at, type, of, details }: NumberedEvent) {
  const operation = of === undefined ? null : { id: of.id, parent: of.parent, name: of.name ?? null, subType: of.subType ?? null };
  return { number, at, type, operation, details };
}
