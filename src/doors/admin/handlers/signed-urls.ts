import type { OpenAPIHono } from "@hono/zod-openapi";
import { rotateSigningKey, signUrl } from "../../../control/signed-urls.ts";
import type { Parts } from "../parts.ts";
import * as routes from "../routes.ts";
import { tenant } from "../shapes.ts";

export function addSignedUrls(api: OpenAPIHono, parts: Parts): void {
  api.openapi(routes.signUrl, (context) =>
    context.json(signUrl(parts, tenant, context.req.valid("param").app, context.req.valid("json")), 201),
  );

  api.openapi(routes.rotateSigningKey, (context) => {
    rotateSigningKey(parts, tenant, context.req.valid("param").app);
    return context.body(null, 204);
  });
}
