/** Turns a request into a call: decides what is refused at once, and what the dispatcher receives. */
import { type IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { MayflyError } from "../../base/errors/error.ts";
import { prefersLater } from "../../events/wishes.ts";
import type { InvocationRequest } from "../../dispatch/invocation.ts";
import { TENANT_HEADER } from "../../store/catalog/isolation.ts";
import type { Gate, Granted } from "../access/gate.ts";
import { admit, type Arrival, clientIn } from "./admit.ts";
import { Call, type CallContext } from "./call.ts";
import { type AccessRules, isForSome } from "../access/rules.ts";
import type { Sites } from "./static/sites.ts";
import { Connection } from "./connection.ts";
import { isHealth, tellHealth } from "./health.ts";
import { answersUrl, mayBeUrl } from "./function-urls.ts";
import { isPlatforms } from "./platform-paths.ts";
import { beginNote, NotedResponse, noteOn } from "./noted.ts";
import { requestHeaders } from "./request-headers.ts";
import { refuse } from "./refuse.ts";
import { pathWithin, type Route } from "./routes.ts";
import { stickyKey } from "./sticky-key.ts";
import { type Target, targetOf } from "./target.ts";
import { agreementBySwitching, responseFor, Upgrading } from "./websocket/upgrade.ts";

/** At most this many headers per request; together with the headers that the gateway adds they stay within the wire protocol's limit. */
const MOST_HEADERS = 240;

/**
 * @param continues whether the client waits for "100 Continue" before it sends its body
 * @param upgrading the connection, if the request asks to go on as a WebSocket
 */
export function answer(
  context: CallContext,
  request: IncomingMessage,
  response: ServerResponse,
  continues: boolean,
  upgrading?: Upgrading,
): void {
  const connection = Connection.ofRequest(request);
  connection.turns.reply = response;
  if (context.noting !== undefined) beginNote(context.noting, request, response, connection.address);
  if (connection.turnedAway) return turnAway(context, request, response, continues);
  const target = targetOf(context, request, connection);
  if (target instanceof MayflyError) return refuseUnread(context, request, response, target, continues);
  if (context.noting !== undefined) noteOn(response)?.found(target);
  if (isHealth(target.path) && !context.closing) return tellHealth(request, response, context.draining);
  if (mayBeUrl(context, target) && answersUrl(context, request, response, target, continues)) return;
  const route = acceptableRoute(context, request, target, upgrading !== undefined);
  if (route instanceof MayflyError) return refuseUnread(context, request, response, route, continues);
  if (context.noting !== undefined) noteOn(response)?.routed(route);
  const arrival = { request, response, connection, route, target, hasBody: hasBody(request), continues, upgrading };
  if (route.rules === null) begin(context, arrival, null);
  else beginIfAdmitted(context, route.rules, arrival);
}

function beginIfAdmitted(context: CallContext, rules: AccessRules, arrival: Arrival): void {
  const { request, response, continues } = arrival;
  admit(context, rules, arrival, {
    granted: (granted) => begin(context, arrival, granted),
    refused: (error, reply) => refuseUnread(context, request, response, error, continues, reply),
    answered: (reply) => answerUnread(context, request, response, reply, continues),
  });
}

/** Answers with a file of the app, if there is one, or else calls the function. @param granted null: everybody may call */
function begin(context: CallContext, arrival: Arrival, granted: Granted | null): void {
  const { request, response, route, target } = arrival;
  const path = granted === null ? pathWithin(route, target.path) : granted.path;
  if (route.files !== undefined && context.sites !== undefined && mayBeFile(arrival))
    answerFile(context, context.sites, arrival, path, granted);
  else if (route.function === "") refuseUnread(context, request, response, noRoute(target.path), arrival.continues, granted?.reply);
  else call(context, arrival, path, granted);
}

function answerFile(context: CallContext, sites: Sites, arrival: Arrival, path: string, granted: Granted | null): void {
  const { request, response, route } = arrival;
  const { compression, closing } = context;
  const isPrivate = [route.rules, route.files!.rules].some((rules) => rules !== null && isForSome(rules));
  const sending = { request, response, closing, more: granted?.reply ?? [], isPrivate };
  sites.answer(route, path, sending, route.compress ? compression : undefined, {
    found: (send) => admitToFile(context, arrival, send),
    otherwise: () => call(context, arrival, path, granted),
  });
}

/** Files are the app's, so that what it asks of callers counts for them also where a path leads to a function that asks for less. */
function admitToFile(context: CallContext, arrival: Arrival, send: (reply?: readonly string[]) => void): void {
  const { request, response, route, continues } = arrival;
  const rules = route.files!.rules;
  if (rules === null || rules === route.rules) return send();
  admit(context, rules, arrival, {
    granted: ({ reply }) => send(reply),
    refused: (error, reply) => refuseUnread(context, request, response, error, continues, reply),
    answered: (reply) => answerUnread(context, request, response, reply, continues),
  });
}

/** Hands the request to the dispatcher. @param path as the function sees it, with the query */
function call(context: CallContext, arrival: Arrival, path: string, granted: Granted | null): void {
  const { request, response, route, target, continues, upgrading } = arrival;
  const { rawHeaders, headers } = request;
  const refusal = upgrading && context.webSockets.refusalOf(route, clientIn(target.origin.chain));
  if (refusal !== undefined) return refuseUnread(context, request, response, refusal, continues);
  const tenantKey = headers[TENANT_HEADER] as string | undefined;
  const made = new Call(context, arrival, granted);
  if (continues) response.writeContinue();
  const invocation: InvocationRequest = {
    app: route.app,
    appName: route.appName,
    function: route.function,
    branch: route.branch,
    key: route.sticky && stickyKey(route.sticky, headers),
    tenantKey,
    timeoutMs: route.timeoutMs,
    attempt: 1,
    trace: context.traces.of(headers),
    input: {
      kind: "http",
      event: route.event,
      method: request.method!,
      url: `${target.origin.proto}://${target.host}${path}`,
      headers: requestHeaders(rawHeaders, headers.connection, target, route, granted, route.isolated ? tenantKey : undefined),
    },
    body: upgrading !== undefined || arrival.hasBody ? "stream" : null,
  };
  if (upgrading === undefined) {
    const isLater = headers.prefer !== undefined && prefersLater(headers.prefer);
    const isHook = context.hooks !== undefined && route === context.hooks.route;
    return made.start(invocation, made, isHook ? context.hooks : isLater ? context.later : route.isDurable ? context.starting : undefined);
  }
  const { gate, watch, webSockets } = context;
  const { rules } = route;
  // Of the request, which is long gone then, nothing else is kept.
  const { authorization } = headers;
  const shown = { headers: { authorization } };
  const isAllowed = rules === null || granted === null ? undefined : allowedFor(gate, rules, granted, shown);
  webSockets.start({ call: made, upgrading, request, watch, isAllowed }, invocation, route, clientIn(target.origin.chain));
}

/** Whether the caller may still do what it was let in for, to be asked again and again. */
function allowedFor(
  gate: Gate,
  rules: AccessRules,
  { way, accessKeyId, until, signedBy }: Granted,
  shown: Parameters<Gate["isStillAllowed"]>[2],
) {
  const holding = { way, accessKeyId, until, signedBy };
  return () => gate.isStillAllowed(rules, holding, shown);
}

/** Handles a request that asks to go on as a WebSocket, for which node:http makes no response. */
export function answerUpgrading(context: CallContext, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  Connection.of(request.socket).turns.leftParser();
  const response = responseFor(request, socket, context.noting === undefined ? ServerResponse : NotedResponse);
  answer(context, request, response, false, new Upgrading(socket, head, agreementBySwitching(request, response, socket)));
}

/**
 * Handles a request whose client waits for "100 Continue" before it sends its body. node:http calls this even if the Expect header asks for
 * more than that.
 */
export function answerContinuing(context: CallContext, request: IncomingMessage, response: ServerResponse): void {
  if (request.headers.expect?.trim().toLowerCase() === "100-continue") answer(context, request, response, true);
  else refuseExpectation(context, request, response);
}

/** Refuses an `Expect` header with any value but 100-continue. */
export function refuseExpectation(context: CallContext, request: IncomingMessage, response: ServerResponse): void {
  const connection = Connection.ofRequest(request);
  connection.turns.reply = response;
  if (context.noting !== undefined) beginNote(context.noting, request, response, connection.address);
  if (connection.turnedAway) return turnAway(context, request, response, true);
  const expectation = (request.headers.expect ?? "").slice(0, 100);
  refuseUnread(context, request, response, new MayflyError("expectation-failed", { expectation }), true);
}

function acceptableRoute(context: CallContext, request: IncomingMessage, { host, path }: Target, upgrades: boolean): Route | MayflyError {
  const { headers } = request;
  if (context.closing) return new MayflyError("shutting-down");
  if (request.rawHeaders.length > 2 * MOST_HEADERS) return new MayflyError("head-too-large", { limit: `${MOST_HEADERS} headers` });
  if (!upgrades && headers.upgrade !== undefined && headers.upgrade.toLowerCase() === "websocket") {
    return new MayflyError("upgrade-not-supported", { protocol: "websocket" });
  }
  if (isPlatforms(path)) {
    if (context.hooks?.owns(path) !== true || upgrades) return noRoute(path);
    const { route } = context.hooks;
    return Number(headers["content-length"] ?? 0) <= route.bodyLimitBytes
      ? route
      : new MayflyError("body-too-large", { limit: route.bodyLimitBytes });
  }
  const route = routeOf(context, request, host, path);
  if (route instanceof MayflyError || Number(headers["content-length"] ?? 0) <= route.bodyLimitBytes) return route;
  return new MayflyError("body-too-large", { limit: route.bodyLimitBytes });
}

/** What a browser asks about a page's request (`OPTIONS`) is answered by the rules of the route that this request would have, unless `routes` have one for the question. */
function routeOf({ routes }: CallContext, { method, headers }: IncomingMessage, host: string, path: string): Route | MayflyError {
  const own = routes.lookup(host, path, method);
  const asked = method === "OPTIONS" ? headers["access-control-request-method"] : undefined;
  if (asked === undefined || (!(own instanceof MayflyError) && own.byPath !== undefined)) return own;
  const meant = routes.lookup(host, path, asked);
  return meant instanceof MayflyError || meant.byPath === undefined || meant.rules?.cors === undefined ? own : meant;
}

function noRoute(path: string): MayflyError {
  return new MayflyError("no-such-route", { path: path.slice(0, 100) });
}

/** Whether a file of the app can answer the request. One with a body is for a function. */
function mayBeFile({ request, hasBody: withBody, upgrading }: Arrival): boolean {
  return (request.method === "GET" || request.method === "HEAD") && !withBody && upgrading === undefined;
}

function hasBody(request: IncomingMessage & { readonly hasBody?: boolean }): boolean {
  // HTTP/2 says so itself.
  if (request.hasBody !== undefined) return request.hasBody;
  const { headers } = request;
  if (headers["transfer-encoding"] !== undefined) return true;
  const length = headers["content-length"];
  return length !== undefined && Number(length) > 0;
}

/**
 * Refuses a request whose body was not asked for, and ends the connection. The client may send the body nevertheless, and only the end of
 * the connection makes clear that it is no further request.
 */
function refuseUnread(
  context: CallContext,
  request: IncomingMessage,
  response: ServerResponse,
  error: MayflyError,
  continues: boolean,
  more: readonly string[] = [],
) {
  const unclear = continues || (error.entry.status === 501 && hasBody(request));
  refuse(response, error, undefined, unclear || context.closing, more);
  if (hasBody(request)) context.watch.linger(request);
}

/** Answers without a body, and as refuseUnread() does otherwise. */
function answerUnread(
  context: CallContext,
  request: IncomingMessage,
  response: ServerResponse,
  headers: readonly string[],
  continues: boolean,
) {
  response.writeHead(204, continues || context.closing ? [...headers, "connection", "close"] : [...headers]);
  response.end();
  if (hasBody(request)) context.watch.linger(request);
}

/**
 * Refuses a request for which there is no room. A body that has begun is read first: the client would lose the answer if the connection
 * were closed with bytes unread.
 */
function turnAway(context: CallContext, request: IncomingMessage, response: ServerResponse, continues: boolean): void {
  const tell = () => refuse(response, new MayflyError("too-many-connections"), undefined, true);
  if (continues || !hasBody(request)) tell();
  else context.watch.whenRead(request, tell);
}
