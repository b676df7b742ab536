/** A request as AWS Lambda's functions get it: the event of API Gateway's HTTP APIs, payload version 2.0. */
import { isUtf8 } from "node:buffer";
import type { RequestHead } from "../../../agent/invocation/request-head.ts";
import { claimsOf, scopesOf } from "./claims.ts";

export interface LambdaEvent {
  version: "2.0";
  /** `$default`, unless `routes` of the app chose the function. */
  routeKey: string;
  rawPath: string;
  rawQueryString: string;
  cookies?: string[];
  headers: Record<string, string>;
  queryStringParameters?: Record<string, string>;
  pathParameters?: Record<string, string>;
  requestContext: object;
  body?: string;
  isBase64Encoded: boolean;
}

const textual = /^(?:text\/|application\/(?:json|javascript|xml|graphql)|[^;]+\+(?:json|xml))/i;

export function lambdaEvent(head: RequestHead, app: string, body: Buffer): LambdaEvent {
  const { host, path, query } = splitUrl(head.url);
  const { headers, cookies } = joinHeaders(head.headers);
  const { routeKey, parameters } = takeRoute(headers);
  const event: LambdaEvent = {
    version: "2.0",
    routeKey,
    rawPath: path,
    rawQueryString: query,
    headers,
    requestContext: requestContext(head, app, { host, path, headers, routeKey }),
    isBase64Encoded: false,
  };
  if (cookies.length > 0) event.cookies = cookies;
  if (query !== "") event.queryStringParameters = joinQuery(query);
  if (parameters !== "") event.pathParameters = joinQuery(parameters);
  if (body.length > 0) Object.assign(event, encodeBody(body, headers["content-type"]));
  return withOldNames(event, head.method, path);
}

/**
 * Adds the names that packages from before version 2.0 look for, such as aws-serverless-express. They are not enumerable, so that they do
 * not appear where the event is listed, copied or printed.
 */
function withOldNames(event: LambdaEvent, httpMethod: string, path: string): LambdaEvent {
  return Object.defineProperties(event, { httpMethod: { value: httpMethod, writable: true }, path: { value: path, writable: true } });
}

export function splitUrl(url: string): { host: string; path: string; query: string } {
  const hostStart = url.indexOf("://") + 3;
  const slash = url.indexOf("/", hostStart);
  const pathStart = slash < 0 ? url.length : slash;
  const mark = url.indexOf("?", pathStart);
  const pathEnd = mark < 0 ? url.length : mark;
  return { host: url.slice(hostStart, pathStart), path: url.slice(pathStart, pathEnd) || "/", query: url.slice(pathEnd + 1) };
}

/** What the gateway says of the app's `routes`, in headers that API Gateway has not. No caller can set them. */
function takeRoute(headers: Record<string, string>): { routeKey: string; parameters: string } {
  const { "x-mayfly-route": routeKey = "$default", "x-mayfly-parameters": parameters = "" } = headers;
  delete headers["x-mayfly-route"];
  delete headers["x-mayfly-parameters"];
  return { routeKey, parameters };
}

/** Names become lower case, repeated headers are joined by commas, and cookies are kept apart. */
function joinHeaders(list: string[]): { headers: Record<string, string>; cookies: string[] } {
  const headers = {};
  const cookies: string[] = [];
  for (let at = 0; at < list.length; at += 2) {
    const name = list[at]!.toLowerCase();
    const value = list[at + 1]!;
    if (name === "cookie") cookies.push(...value.split("; "));
    else join(headers, name, value);
  }
  return { headers, cookies };
}

export function joinQuery(query: string): Record<string, string> {
  const joined = {};
  for (const [name, value] of new URLSearchParams(query)) join(joined, name, value);
  return joined;
}

/** The objects are ordinary ones, as JSON.parse makes them at AWS, so a name such as __proto__ is defined as the object's own. */
function join(object: Record<string, string>, name: string, value: string): void {
  if (Object.hasOwn(object, name)) object[name] += `,${value}`;
  else if (name !== "__proto__") object[name] = value;
  else Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
}

export function encodeBody(body: Buffer, contentType: string | undefined): { body: string; isBase64Encoded: boolean } {
  const isText = contentType === undefined ? isUtf8(body) : textual.test(contentType);
  return isText ? { body: body.toString(), isBase64Encoded: false } : { body: body.toString("base64"), isBase64Encoded: true };
}

const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** The time in AWS's form: 28/Nov/2026:05:52:09 +0000. */
export function commonLogTime(time: Date): string {
  const [year, month, day] = time.toISOString().slice(0, 10).split("-");
  return `${day}/${months[Number(month) - 1]}/${year}:${time.toISOString().slice(11, 19)} +0000`;
}

interface Called {
  host: string;
  path: string;
  headers: Record<string, string>;
  routeKey: string;
}

function requestContext(head: RequestHead, app: string, { host, path, headers, routeKey }: Called): object {
  const now = new Date();
  const claims = claimsOf(headers["x-mayfly-caller-way"], headers["x-mayfly-caller-claims"]);
  return {
    accountId: "anonymous",
    apiId: app,
    domainName: host,
    domainPrefix: host.split(".", 1)[0],
    http: {
      method: head.method,
      path,
      protocol: "HTTP/1.1",
      sourceIp: headers["x-forwarded-for"]?.split(",", 1)[0] ?? "",
      userAgent: headers["user-agent"] ?? "",
    },
    requestId: head.id,
    routeKey,
    stage: "$default",
    ...(claims !== undefined && { authorizer: { jwt: { claims, scopes: scopesOf(claims) } } }),
    time: commonLogTime(now),
    timeEpoch: now.getTime(),
  };
}
