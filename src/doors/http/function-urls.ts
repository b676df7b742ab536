/** Requests for functions' URLs, as AWS Lambda has them: they have rules of their own, and take no route of an app. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { MayflyError } from "../../base/errors/error.ts";
import type { CallContext } from "./call.ts";
import { isPlatforms, mayBePlatforms } from "./platform-paths.ts";
import { requestHeaders } from "./request-headers.ts";
import type { Target } from "./target.ts";

/** AWS's URLs say nothing of a host beside that of the request itself, and their trace is the call's own, which has what the client said of it. */
function forUrl(headers: readonly string[]): string[] {
  const isLeftOut = (name: string) => name === "x-forwarded-host" || name.toLowerCase() === "x-amzn-trace-id";
  return headers.flatMap((name, at) => (at % 2 === 0 && !isLeftOut(name) ? [name, headers[at + 1]!] : []));
}

/** Whether the request might be for a function's URL. Nearly all are not. */
export function mayBeUrl({ urls, closing }: CallContext, { path }: Target): boolean {
  return urls !== undefined && !closing && (urls.haveHosts || mayBePlatforms(path));
}

/** Whether the request was for a function's URL, which has answered it or is going to. */
export function answersUrl(
  context: CallContext,
  request: IncomingMessage,
  response: ServerResponse,
  target: Target,
  continues: boolean,
): boolean {
  const { host, path, origin } = target;
  // A function's URL by its path has no place at an app's host, where it would have the cookies and the pages of that app, which may be another tenant's.
  if (isPlatforms(path) && context.routes.isOfApps(host)) return false;
  const found = context.urls?.find(host, path);
  if (context.urls === undefined || found === undefined) return false;
  const { chain, proto } = origin;
  const isSigned = found.known?.url.authType === "AWS_IAM";
  const forwarded = requestHeaders(
    request.rawHeaders,
    request.headers.connection,
    target,
    { prefix: "" },
    { caller: [], withoutAuthorization: isSigned },
  );
  const headers = [...forUrl(forwarded), "x-forwarded-port", /:(\d+)$/.exec(host)?.[1] ?? (proto === "https" ? "443" : "80")];
  const source = chain.split(",", 1)[0]!.trim();
  context.urls.answer(
    { request, response, found, host, source, headers },
    context.watch,
    (ms) => new MayflyError("request-timeout", { ms }),
    continues,
  );
  return true;
}
