import type { OpenAPIHono } from "@hono/zod-openapi";
import { removeSecret, secretNames, setSecret } from "../../../control/secrets.ts";
import type { Parts } from "../parts.ts";
import * as routes from "../routes.ts";
import { type ApiEnv, tenantOf } from "../scope.ts";

export function addSecrets(api: OpenAPIHono<ApiEnv>, parts: Parts): void {
  api.openapi(routes.secretNames, (context) =>
    context.json({ names: secretNames(parts, tenantOf(context), context.req.valid("param").app) }, 200),
  );

  api.openapi(routes.setSecret, (context) => {
    const { app, name } = context.req.valid("param");
    setSecret(parts, tenantOf(context), app, name, context.req.valid("json").value);
    return context.body(null, 204);
  });

  api.openapi(routes.removeSecret, (context) => {
    const { app, name } = context.req.valid("param");
    removeSecret(parts, tenantOf(context), app, name);
    return context.body(null, 204);
  });
}
