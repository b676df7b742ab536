import type { OpenAPIHono } from "@hono/zod-openapi";
import { removeSecret, secretNames, setSecret } from "../../../control/secrets.ts";
import type { Parts } from "../parts.ts";
import * as routes from "../routes.ts";
import { tenant } from "../shapes.ts";

export function addSecrets(api: OpenAPIHono, parts: Parts): void {
  api.openapi(routes.secretNames, (context) => context.json({ names: secretNames(parts, tenant, context.req.valid("param").app) }, 200));

  api.openapi(routes.setSecret, (context) => {
    const { app, name } = context.req.valid("param");
    setSecret(parts, tenant, app, name, context.req.valid("json").value);
    return context.body(null, 204);
  });

  api.openapi(routes.removeSecret, (context) => {
    const { app, name } = context.req.valid("param");
    removeSecret(parts, tenant, app, name);
    return context.body(null, 204);
  });
}
