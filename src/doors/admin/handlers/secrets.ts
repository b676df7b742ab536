import type { OpenAPIHono } from "@hono/zod-openapi";
import { removeSecret, setSecret } from "../../../control/secrets.ts";
import type { Parts } from "../parts.ts";
import * as routes from "../routes.ts";

export function addSecrets(api: OpenAPIHono, parts: Parts): void {
  api.openapi(routes.secretNames, (context) => context.json({ names: parts.catalog.secretNames(context.req.valid("param").app) }, 200));

  api.openapi(routes.setSecret, (context) => {
    const { app, name } = context.req.valid("param");
    setSecret(parts, app, name, context.req.valid("json").value);
    return context.body(null, 204);
  });

  api.openapi(routes.removeSecret, (context) => {
    const { app, name } = context.req.valid("param");
    removeSecret(parts, app, name);
    return context.body(null, 204);
  });
}
