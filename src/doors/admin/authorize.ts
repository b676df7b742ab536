import { createHash, timingSafeEqual } from "node:crypto";
import type { MiddlewareHandler } from "hono";
import { MayflyError } from "../../base/errors/error.ts";

/** Lets requests with `Authorization: Bearer <token>` pass. The comparison takes the same time for every wrong token. */
export function authorize(token: string): MiddlewareHandler {
  const wanted = digest(token);
  return async (context, next) => {
    const [, given = ""] = /^Bearer +(\S+)$/i.exec(context.req.header("authorization") ?? "") ?? [];
    if (!timingSafeEqual(digest(given), wanted)) throw new MayflyError("unauthorized");
    await next();
  };
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
