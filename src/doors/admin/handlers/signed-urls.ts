import type { OpenAPIHono } from "@hono/zod-openapi";
import { rotateSigningKey, signUrl } from "../../../control/signed-urls.ts";
import type { Parts } from "../parts.ts";
import * as routes from "../routes.ts";
import { type ApiEnv, tenantOf } from "../scope.ts";

export function addSignedUrls(api: OpenAPIHono<ApiEnv>, parts: Parts): void {
  api.openapi(routes.signUrl, (context) =>
    context.json(signUrl(parts, tenantOf(context), context.req.valid("param").app, context.req.valid("json")), 201),
  );

  api.openapi(routes.rotateSigningKey, (context) => {
    rotateSigningKey(parts, tenantOf(context), context.req.valid("param").app);
    return context.body(null, 204);
  });
}
