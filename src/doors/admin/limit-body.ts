import type { Context, MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { MayflyError } from "../../base/errors/error.ts";
import { codeTooLarge, BODY_BYTES } from "./upload-budget.ts";

const others = limitedTo(262_144);
/** A queue's message may have 1 MiB, which JSON makes longer. */
const content = limitedTo(2_097_152);

function limitedTo(maxSize: number): MiddlewareHandler {
  return bodyLimit({
    maxSize,
    onError: () => {
      throw new MayflyError("bad-request", { what: `the body is over the limit of ${maxSize} bytes` });
    },
  });
}

/**
 * Only the body of a deploy and the content of an object may be large; a message or a value may be larger than all else. The bytes of a deploy that does not declare its length are counted as they arrive, by read-form.ts; those of
 * an object are counted by the object store, and are never in memory together.
 */
export const limitBody: MiddlewareHandler = async (context, next) => {
  if (isObject(context)) return next();
  if (isContent(context)) return content(context, next);
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

function isContent({ req }: Context): boolean {
  if (req.method === "POST") return /^\/v1\/queues\/[^/]+\/messages$/.test(req.path);
  return req.method === "PUT" && /^\/v1\/apps\/[^/]+\/kv\/[^/]+\/value$/.test(req.path);
}

function isDeploy({ req }: Context): boolean {
  return req.method === "POST" && /^\/v1\/apps\/[^/]+\/versions$/.test(req.path);
}
