import type { Context, MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { MayflyError } from "../../base/errors/error.ts";
import { codeTooLarge, BODY_BYTES } from "./upload-budget.ts";

const OTHER_BYTES = 262_144;

const others = bodyLimit({
  maxSize: OTHER_BYTES,
  onError: () => {
    throw new MayflyError("bad-request", { what: `the body is over the limit of ${OTHER_BYTES} bytes` });
  },
});

/**
 * Only the body of a deploy and the content of an object may be large. The bytes of a deploy that does not declare its length are counted as they arrive, by read-form.ts; those of
 * an object are counted by the object store, and are never in memory together.
 */
export const limitBody: MiddlewareHandler = async (context, next) => {
  if (isObject(context)) return next();
  if (!isDeploy(context)) return others(context, next);
  if (declaredBytes(context) > BODY_BYTES) throw codeTooLarge();
  return next();
};

/** The length of the body as its head declares it; 0 if it does not. */
export function declaredBytes({ req }: Context): number {
  return Number.parseInt(req.header("content-length") ?? "0", 10);
}

function isObject({ req }: Context): boolean {
  return req.method === "PUT" && /^\/v1\/buckets\/[^/]+\/object$/.test(req.path);
}

function isDeploy({ req }: Context): boolean {
  return req.method === "POST" && /^\/v1\/apps\/[^/]+\/versions$/.test(req.path);
}
