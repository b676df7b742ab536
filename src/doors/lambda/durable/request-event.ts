/** A request at the gateway as the input of an execution: the event of HTTP APIs, payload version 2.0, as functions in AWS Lambda's style get it. */
import type { HttpInput } from "../../../wire/host-end.ts";
import { urlEvent } from "../urls/url-event.ts";

export interface RequestFacts {
  appName: string;
  body: Buffer;
  requestId: string;
  /** Milliseconds since the epoch. */
  at: number;
}

export function requestEvent({ method, url, headers: given }: HttpInput, { appName, body, requestId, at }: RequestFacts): object {
  const { host, pathname, search } = new URL(url);
  const { headers, taken } = withoutRoute(given);
  const routeKey = taken.get("x-mayfly-route") ?? "$default";
  const parameters = [...new URLSearchParams(taken.get("x-mayfly-parameters") ?? "")];
  const source = valueOf(headers, "x-forwarded-for")?.split(",", 1)[0]?.trim() ?? "";
  const event = urlEvent({ method, target: pathname + search, headers, body, urlId: appName, host, source, requestId, at });
  const { requestContext } = event as { requestContext: object };
  return {
    ...event,
    routeKey,
    ...(parameters.length > 0 && { pathParameters: Object.fromEntries(parameters) }),
    requestContext: { ...requestContext, domainPrefix: host.split(".", 1)[0], routeKey },
  };
}

/** What the gateway says of the app's `routes`, in headers that API Gateway has not. No caller can set them. */
const ROUTE = new Set(["x-mayfly-route", "x-mayfly-parameters"]);

function withoutRoute(list: readonly string[]): { headers: string[]; taken: Map<string, string> } {
  const headers: string[] = [];
  const taken = new Map<string, string>();
  for (let at = 0; at < list.length; at += 2) {
    const [name, value] = [list[at]!, list[at + 1]!];
    if (ROUTE.has(name.toLowerCase())) taken.set(name.toLowerCase(), value);
    else headers.push(name, value);
  }
  return { headers, taken };
}

function valueOf(list: readonly string[], wanted: string): string | undefined {
  const at = list.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === wanted);
  return at < 0 ? undefined : list[at + 1];
}
