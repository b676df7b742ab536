/** A request as functions behind API Gateway's REST APIs get it: the proxy event, payload version 1.0. */
import type { RequestHead } from "../../../agent/invocation/request-head.ts";
import { claimsOf } from "./claims.ts";
import { commonLogTime, encodeBody, joinQuery, splitUrl } from "./event.ts";

type Lists = Record<string, string[]>;

/** Keys without a value are null, as they are there. */
export function lambdaEventV1(head: RequestHead, app: string, body: Buffer): object {
  const { host, path, query } = splitUrl(head.url);
  const { headers, routeKey, parameters } = headersOf(head.headers);
  const queries = listsOf([...new URLSearchParams(query)]);
  // What leads to the function without a route is, as there, a route for every path.
  const resource = routeKey?.split(" ")[1] ?? "/{proxy+}";
  const given =
    parameters ?? (routeKey === undefined && path !== "/" ? `proxy=${path.slice(1).replaceAll("+", "%2B").replaceAll("&", "%26")}` : "");
  const hasQuery = query !== "";
  return {
    version: "1.0",
    resource,
    path,
    httpMethod: head.method,
    headers: lastOf(headers),
    multiValueHeaders: headers,
    queryStringParameters: hasQuery ? lastOf(queries) : null,
    multiValueQueryStringParameters: hasQuery ? queries : null,
    pathParameters: given === "" ? null : joinQuery(given),
    stageVariables: null,
    requestContext: requestContext(head, app, { host, path, resource, headers }),
    ...(body.length === 0 ? { body: null, isBase64Encoded: false } : encodeBody(body, valueOf(headers, "content-type"))),
  };
}

/** Names stay as the caller wrote them. What the gateway says of the app's `routes` is taken out. */
function headersOf(list: string[]): { headers: Lists; routeKey: string | undefined; parameters: string | undefined } {
  let [routeKey, parameters]: (string | undefined)[] = [];
  const pairs: [string, string][] = [];
  for (let at = 0; at < list.length; at += 2) {
    const [name, value] = [list[at]!, list[at + 1]!];
    if (name === "x-mayfly-route") routeKey = value;
    else if (name === "x-mayfly-parameters") parameters = value;
    else pairs.push([name, value]);
  }
  return { headers: listsOf(pairs), routeKey, parameters };
}

/** The objects are ordinary ones, as JSON.parse makes them at AWS, so a name such as __proto__ is defined as the object's own. */
function listsOf(pairs: [string, string][]): Lists {
  const lists = new Map<string, string[]>();
  for (const [name, value] of pairs) lists.set(name, [...(lists.get(name) ?? []), value]);
  return Object.fromEntries(lists);
}

function lastOf(lists: Lists): Record<string, string> {
  return Object.fromEntries(Object.entries(lists).map(([name, values]) => [name, values.at(-1)!]));
}

function valueOf(headers: Lists, wanted: string): string | undefined {
  return Object.entries(headers)
    .find(([name]) => name.toLowerCase() === wanted)?.[1]
    .at(-1);
}

function requestContext(
  head: RequestHead,
  app: string,
  { host, path, resource, headers }: { host: string; path: string; resource: string; headers: Lists },
): object {
  const now = new Date();
  const claims = claimsOf(valueOf(headers, "x-mayfly-caller-way"), valueOf(headers, "x-mayfly-caller-claims"));
  return {
    accountId: "anonymous",
    apiId: app,
    domainName: host,
    domainPrefix: host.split(".", 1)[0],
    extendedRequestId: head.id,
    httpMethod: head.method,
    identity: {
      sourceIp: valueOf(headers, "x-forwarded-for")?.split(",", 1)[0] ?? "",
      user: null,
      userAgent: valueOf(headers, "user-agent") ?? null,
      userArn: null,
    },
    path,
    protocol: "HTTP/1.1",
    requestId: head.id,
    requestTime: commonLogTime(now),
    requestTimeEpoch: now.getTime(),
    resourcePath: resource,
    stage: "$default",
    ...(claims !== undefined && { authorizer: { claims } }),
  };
}
