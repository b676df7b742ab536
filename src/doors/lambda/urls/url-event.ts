/** A request to a function's URL as the function gets it: payload version 2.0. */
import { isUtf8 } from "node:buffer";

export interface UrlRequest {
  method: string;
  /** As it was received, with the query. */
  target: string;
  /** Name, value, name, value …, with those that the gateway sets. */
  headers: readonly string[];
  body: Buffer;
  /** The URL's id, which is the first label of its host. */
  urlId: string;
  host: string;
  /** The client's address. */
  source: string;
  requestId: string;
  /** Milliseconds since the epoch. */
  at: number;
  /** Who signed the request; absent if nobody has to. */
  caller?: { accessKey: string; accountId: string; arn: string };
}

const textual = /^(?:text\/|application\/(?:json|javascript|xml|graphql)|[^;]+\+(?:json|xml))/i;

export function urlEvent({ method, target, headers: list, body, urlId, host, source, requestId, at, caller }: UrlRequest): object {
  const mark = target.indexOf("?");
  const rawPath = mark < 0 ? target : target.slice(0, mark);
  const rawQueryString = mark < 0 ? "" : target.slice(mark + 1);
  const { headers, cookies } = joined(list);
  const isText = headers["content-type"] === undefined ? isUtf8(body) : textual.test(headers["content-type"]);
  return {
    version: "2.0",
    routeKey: "$default",
    rawPath: rawPath || "/",
    rawQueryString,
    ...(cookies.length > 0 && { cookies }),
    headers,
    ...(rawQueryString !== "" && { queryStringParameters: joinedQuery(rawQueryString) }),
    requestContext: {
      accountId: caller?.accountId ?? "anonymous",
      apiId: urlId,
      ...(caller && {
        authorizer: {
          iam: {
            accessKey: caller.accessKey,
            accountId: caller.accountId,
            callerId: caller.accessKey,
            cognitoIdentity: null,
            principalOrgId: null,
            userArn: caller.arn,
            userId: caller.accessKey,
          },
        },
      }),
      domainName: host.replace(/:\d+$/, ""),
      domainPrefix: urlId,
      http: { method, path: rawPath || "/", protocol: "HTTP/1.1", sourceIp: source, userAgent: headers["user-agent"] ?? "" },
      requestId,
      routeKey: "$default",
      stage: "$default",
      time: commonLogTime(new Date(at)),
      timeEpoch: at,
    },
    ...(body.length > 0 && { body: isText ? body.toString() : body.toString("base64") }),
    isBase64Encoded: body.length > 0 && !isText,
  };
}

/** Names become lower case, repeated headers are joined by commas, and cookies are kept apart. */
function joined(list: readonly string[]): { headers: Record<string, string>; cookies: string[] } {
  const headers = new Map<string, string>();
  const cookies: string[] = [];
  for (let at = 0; at < list.length; at += 2) {
    const name = list[at]!.toLowerCase();
    if (name === "cookie") cookies.push(...list[at + 1]!.split("; "));
    else add(headers, name, list[at + 1]!);
  }
  return { headers: Object.fromEntries(headers), cookies };
}

function joinedQuery(query: string): Record<string, string> {
  const values = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(query)) add(values, name, value);
  return Object.fromEntries(values);
}

function add(values: Map<string, string>, name: string, value: string): void {
  const before = values.get(name);
  values.set(name, before === undefined ? value : `${before},${value}`);
}

const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** In AWS's form: 28/Nov/2026:05:52:09 +0000. */
function commonLogTime(time: Date): string {
  const [year, month, day] = time.toISOString().slice(0, 10).split("-");
  return `${day}/${months[Number(month) - 1]}/${year}:${time.toISOString().slice(11, 19)} +0000`;
}
