import type { OpenAPIHono } from "@hono/zod-openapi";
import { MayflyError } from "../../../base/errors/error.ts";
import { callFunction, type TriedReply } from "../../../control/call-function.ts";
import { TENANT_HEADER } from "../../../store/catalog/isolation.ts";
import { TraceContexts } from "../../../telemetry/trace-context.ts";
import { headersOf } from "../../access/verdict.ts";
import { forCallers } from "../../http/for-callers.ts";
import { keepReplyHeaders } from "../../http/reply-headers.ts";
import { requestHeaders } from "../../http/request-headers.ts";
import type { Parts } from "../parts.ts";
import * as routes from "../routes.ts";
import { type ApiEnv, scopeOf, tenantOf } from "../scope.ts";

export function addFunctionCalls(api: OpenAPIHono<ApiEnv>, { catalog, durable, dispatcher, clock, overview, traces }: Parts): void {
  const parts = { names: catalog.names, callees: durable.callees, dispatcher, clock };
  const contexts = traces ?? new TraceContexts();

  api.openapi(routes.callFunction, async (context) => {
    const { app, function: name } = context.req.valid("param");
    const { method, path, headers, body: given, base64, version } = context.req.valid("json");
    const body = given === undefined ? null : Buffer.from(given, base64 ? "base64" : "utf8");
    const { protocol, host } = new URL(overview.host().urls.gateway);
    const raw = headers.filter(([header]) => header.toLowerCase() !== "content-length").flat();
    if (body !== null) raw.push("content-length", String(body.length));
    const valueOf = (wanted: string) => headers.find(([header]) => header.toLowerCase() === wanted)?.[1];
    const tenantKey = valueOf(TENANT_HEADER);
    const origin = { chain: context.env.peer ?? "127.0.0.1", proto: protocol === "https:" ? "https" : "http" } as const;
    const granted = { caller: headersOf("token", scopeOf(context).principal.name), withoutAuthorization: false };
    const tried = await callFunction(parts, tenantOf(context), app, {
      function: name,
      version,
      method,
      url: `${protocol}//${host}${path}`,
      headers: (keepsApart) =>
        requestHeaders(raw, undefined, { host, origin }, { prefix: "" }, granted, keepsApart ? tenantKey : undefined),
      tenantKey,
      body,
      trace: contexts.of({ traceparent: valueOf("traceparent"), tracestate: valueOf("tracestate") }),
      signal: context.req.raw.signal,
    });
    return context.json(replyOf(tried), 200);
  });
}

function replyOf({ ms, invocation, outcome }: TriedReply) {
  if (outcome instanceof MayflyError) return { ...refusalOf(outcome, invocation), invocation, ms, timing: null };
  const { status, headers, body, bytes, timing } = outcome;
  const wrong = keepReplyHeaders(headers, { keepsLength: true });
  if (typeof wrong === "string")
    return { ...refusalOf(new MayflyError("bad-response", { what: wrong }), invocation), invocation, ms, timing };
  const pairs = Array.from({ length: headers.length / 2 }, (_, at): [string, string] => [headers[2 * at]!, headers[2 * at + 1]!]);
  return { invocation, status, headers: pairs, body: body.toString("base64"), bytes, error: null, ms, timing };
}

/** The error as callers at the gateway get it. */
function refusalOf({ code, details }: MayflyError, invocation: string | null) {
  const error = new MayflyError(code, forCallers(code, details));
  const body = Buffer.from(JSON.stringify(error.body(invocation ?? undefined)));
  const headers: [string, string][] = [["content-type", "application/json"]];
  return { status: error.entry.status, headers, body: body.toString("base64"), bytes: body.length, error: code };
}
