/** The replies for errors: an error of the table, as JSON. */
import type { Hook } from "@hono/zod-openapi";
import type { ErrorHandler, NotFoundHandler } from "hono";
import { HTTPException } from "hono/http-exception";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { MayflyError, asMayflyError } from "../../base/errors/error.ts";
import { firstIssue } from "../../base/errors/schema-issue.ts";
import type { ApiEnv } from "./scope.ts";

/** Called after each check of a request's parts. It throws, so that the error handler answers. */
export const refuseInvalid: Hook<unknown, ApiEnv, string, void> = (result) => {
  if (result.success) return;
  const given = "data" in result ? result.data : undefined;
  const { key, what } = firstIssue(result.error, given);
  const where = placeInWords[result.target] ?? result.target;
  throw new MayflyError("bad-request", { what: key === "" ? `the ${where} ${what}` : `${key} in the ${where} ${what}` }, result.error);
};

const placeInWords: Record<string, string> = { json: "body", form: "form", param: "path" };

export function replyWithError(onError: (error: unknown) => void): ErrorHandler {
  return (thrown, context) => {
    const error =
      thrown instanceof HTTPException ? new MayflyError("bad-request", { what: thrown.message }, thrown) : asMayflyError(thrown);
    if (error.entry.side === "system") onError(error);
    // In seconds. An upload in progress takes longer than that only if its caller is slow.
    const retryAfterS = error.code === "too-many-uploads" ? 5 : error.details["retryAfterS"];
    if (retryAfterS !== undefined) context.header("retry-after", String(retryAfterS));
    return context.json(error.body(), error.entry.status as ContentfulStatusCode);
  };
}

export const replyNotFound: NotFoundHandler = (context) => {
  const { method, path } = context.req;
  const error = new MayflyError("no-such-api-route", { method, path });
  return context.json(error.body(), error.entry.status as ContentfulStatusCode);
};
