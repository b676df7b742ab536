import type { MiddlewareHandler } from "hono";

/**
 * Hono answers HEAD with the head of the answer to GET, and says nothing to whoever streams its body, such as the lines of a log that is followed: that would go on for nobody, until the
 * server ends.
 */
export const endUnread: MiddlewareHandler = async (context, next) => {
  await next();
  if (context.req.method === "HEAD") await context.res.body?.cancel();
};
