/** The parts of which the table of routes is made. */
import { z } from "@hono/zod-openapi";
import { type ErrorCode, errorTable } from "../../base/errors/table.ts";
import { errorSchema } from "./schemas.ts";

export const none = { 204: { description: "Done" } } as const;

/** The type omits the content, because the library has no type for a handler that streams lines. */
export const lines: { 200: { description: string } } = {
  200: withContent("Lines, until the caller goes away", "application/x-ndjson", z.string()),
};

export const prometheus: { 200: { description: string } } = {
  200: withContent("Metrics, in Prometheus's text format", "text/plain", z.string()),
};

/** The type omits the content, as for lines. */
export function content(what: string): { 200: { description: string } } {
  return { 200: withContent(what, "application/octet-stream", z.any()) };
}

export function json<Status extends 200 | 201, Schema extends z.ZodType>(status: Status, schema: Schema) {
  return { [status]: { description: "Done", content: { "application/json": { schema } } } } as {
    [S in Status]: { description: string; content: { "application/json": { schema: Schema } } };
  };
}

export function body<Schema extends z.ZodType>(schema: Schema) {
  return { required: true, content: { "application/json": { schema } } } as const;
}

/**
 * Handlers throw these errors, and the error handler turns them into replies; so the types of handlers need not include them. Whatever needs a token may also be
 * refused for what its principal may not do, and for the tenant that the request names.
 */
export function errors(...codes: ErrorCode[]): object {
  const all: ErrorCode[] = codes.includes("unauthorized") ? [...codes, "forbidden", "no-such-tenant"] : codes;
  const byStatus = Map.groupBy(all, (code) => errorTable[code].status);
  const responses = [...byStatus].map(([status, same]) => [
    status,
    { description: same.join(", "), content: { "application/json": { schema: errorSchema } } },
  ]);
  return Object.fromEntries(responses) as object;
}

function withContent(description: string, type: string, schema: z.ZodType) {
  return { description, content: { [type]: { schema } } };
}
