import type { Context, MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { MayflyError } from "../../base/errors/error.ts";
import { Limit } from "../../wire/protocol.ts";

/** Room for the manifest, names and the form's own lines besides the code. */
const DEPLOY_BYTES = Limit.code + 2_097_152;
const OTHER_BYTES = 262_144;

const deploys = bodyLimit({
  maxSize: DEPLOY_BYTES,
  onError: () => {
    throw new MayflyError("code-too-large", { bytes: `more than ${Limit.code}`, limit: Limit.code });
  },
});

const others = bodyLimit({
  maxSize: OTHER_BYTES,
  onError: () => {
    throw new MayflyError("bad-request", { what: `the body is over the limit of ${OTHER_BYTES} bytes` });
  },
});

/** Only the body of a deploy may be large. */
export const limitBody: MiddlewareHandler = (context, next) => (isDeploy(context) ? deploys(context, next) : others(context, next));

function isDeploy({ req }: Context): boolean {
  return req.method === "POST" && /^\/v1\/apps\/[^/]+\/versions$/.test(req.path);
}
