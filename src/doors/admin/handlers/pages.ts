/** The dashboard's files. They are the same for everybody and need no token; what they show comes from the routes of the API, which do. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { type DashboardFile, dashboardHeaders, type DashboardFiles } from "../../dashboard/files.ts";
import type { ApiEnv } from "../scope.ts";

/** Must be added before requests without a token are refused. */
export function addPages(api: OpenAPIHono<ApiEnv>, files: DashboardFiles): void {
  // Handlers of Hono's, whose errors become replies.
  // oxlint-disable-next-line mayfly/guarded-listeners
  api.get("/", async (context) => answered(context, await files.page()));
  // oxlint-disable-next-line mayfly/guarded-listeners
  api.get("/dashboard/:file", async (context, next) => {
    const file = await files.asset(context.req.param("file"));
    return file === undefined ? next() : answered(context, file);
  });
}

function answered(context: Context, { type, etag, plain, gzipped, isForever }: DashboardFile): Response {
  const headers = new Headers({ ...dashboardHeaders, etag, vary: "accept-encoding" });
  headers.set("cache-control", isForever ? "public, max-age=31536000, immutable" : "no-cache");
  if (context.req.header("if-none-match") === etag) return new Response(null, { status: 304, headers });
  headers.set("content-type", type);
  const isGzipped = /\bgzip\b/.test(context.req.header("accept-encoding") ?? "");
  if (isGzipped) headers.set("content-encoding", "gzip");
  return new Response(isGzipped ? gzipped : plain, { headers });
}
