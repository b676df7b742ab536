/** From a request to its call: what is refused at once, and what the dispatcher gets. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { MayflyError } from "../errors/error.ts";
import { Call, type CallContext } from "./call.ts";
import { Connection } from "./connection.ts";
import { requestHeaders } from "./request-headers.ts";
import { refuse } from "./refuse.ts";
import { pathWithin, type Route } from "./routes.ts";

/** Header pairs of a request; with the gateway's own they stay within the wire's limit. */
const MOST_HEADERS = 240;
const HEALTH = "/_mayfly/health";

/** @param continues whether the client waits for 100 Continue before it sends its body */
export function answer(context: CallContext, request: IncomingMessage, response: ServerResponse, continues: boolean): void {
  const target = targetOf(request);
  const route = target instanceof MayflyError ? target : acceptableRoute(context, request, target);
  if (route instanceof MayflyError) {
    if (request.url === HEALTH && !context.closing) return healthy(response);
    return refuseUnread(context, request, response, route, continues);
  }
  const { host, path } = target as Target;
  const { rawHeaders, headers, socket } = request;
  const { proto } = context;
  const body = hasBody(request) ? "stream" : null;
  const call = new Call(context, request, response, route);
  if (continues) response.writeContinue();
  call.start({
    app: route.app,
    function: route.function,
    timeoutMs: route.timeoutMs,
    method: request.method!,
    url: `${proto}://${host}${pathWithin(route, path)}`,
    headers: requestHeaders(rawHeaders, headers.connection, { address: Connection.of(socket).address, proto, host, prefix: route.prefix }),
    body,
  });
}

interface Target {
  host: string;
  path: string;
}

const validHost = /^[A-Za-z0-9._:[\]-]{1,255}$/;

function targetOf(request: IncomingMessage): Target | MayflyError {
  const path = request.url!;
  if (path.charCodeAt(0) !== 47) return targetOfAbsoluteForm(path);
  const host = request.headers.host ?? "localhost";
  return validHost.test(host) ? { host, path } : new MayflyError("bad-request", { what: "its Host header is no host" });
}

/** `GET http://host/path`, as clients send it that take Mayfly for a proxy. */
function targetOfAbsoluteForm(url: string): Target | MayflyError {
  const match = /^https?:\/\/([^/?#]+)(.*)$/i.exec(url);
  if (match === null || !validHost.test(match[1]!)) return new MayflyError("no-such-route", { path: url.slice(0, 100) });
  return { host: match[1]!, path: match[2]!.startsWith("/") ? match[2]! : `/${match[2]}` };
}

function acceptableRoute(context: CallContext, request: IncomingMessage, { host, path }: Target): Route | MayflyError {
  const { headers } = request;
  if (context.closing) return new MayflyError("shutting-down");
  if (request.rawHeaders.length > 2 * MOST_HEADERS) return new MayflyError("head-too-large", { limit: `${MOST_HEADERS} headers` });
  if (headers.upgrade !== undefined && headers.upgrade.toLowerCase() === "websocket") {
    return new MayflyError("upgrade-not-supported", { protocol: "websocket" });
  }
  const route = context.routes.lookup(host, path);
  if (route instanceof MayflyError || Number(headers["content-length"] ?? 0) <= route.bodyLimitBytes) return route;
  return new MayflyError("body-too-large", { limit: route.bodyLimitBytes });
}

function hasBody({ headers }: IncomingMessage): boolean {
  if (headers["transfer-encoding"] !== undefined) return true;
  const length = headers["content-length"];
  return length !== undefined && Number(length) > 0;
}

/** A client that was told not to send its body may send it nevertheless: only the connection's end makes clear what follows. */
function refuseUnread(context: CallContext, request: IncomingMessage, response: ServerResponse, error: MayflyError, continues: boolean) {
  refuse(response, error, undefined, continues || context.closing);
  if (hasBody(request)) context.watch.linger(request);
}

function healthy(response: ServerResponse): void {
  response.writeHead(200, ["content-type", "application/json", "cache-control", "no-store"]);
  response.end('{"status":"ok"}\n');
}
