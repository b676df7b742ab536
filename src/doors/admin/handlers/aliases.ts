import type { OpenAPIHono } from "@hono/zod-openapi";
import { showApp } from "../../../control/apps.ts";
import { promote, rollBack } from "../../../control/promote.ts";
import { point, removeAlias } from "../../../control/point.ts";
import { LIVE } from "../../../store/catalog/catalog.ts";
import type { Parts } from "../parts.ts";
import * as routes from "../routes.ts";
import { type ApiEnv, tenantOf } from "../scope.ts";
import { movedInfo, revisionInfo } from "../shapes.ts";

export function addAliases(api: OpenAPIHono<ApiEnv>, parts: Parts): void {
  api.openapi(routes.aliases, (context) =>
    context.json({ aliases: showApp(parts, tenantOf(context), context.req.valid("param").app).aliases }, 200),
  );

  api.openapi(routes.point, (context) => {
    const { app, alias } = context.req.valid("param");
    const { targets, ...settings } = context.req.valid("json");
    point(parts, tenantOf(context), app, alias, targets, settings);
    return context.json(
      showApp(parts, tenantOf(context), app).aliases.find(({ name }) => name === alias)!,
      200,
    );
  });

  api.openapi(routes.removeAlias, (context) => {
    const { app, alias } = context.req.valid("param");
    removeAlias(parts, tenantOf(context), app, alias);
    return context.body(null, 204);
  });

  api.openapi(routes.promote, (context) => {
    const { app } = context.req.valid("param");
    return context.json(movedInfo(app, promote(parts, tenantOf(context), app, context.req.valid("json").revision)), 200);
  });

  api.openapi(routes.rollback, (context) => {
    const { app } = context.req.valid("param");
    return context.json(movedInfo(app, rollBack(parts, tenantOf(context), app)), 200);
  });

  api.openapi(routes.pointTo, (context) => {
    const { version } = context.req.valid("json");
    const [target] = point(parts, tenantOf(context), context.req.valid("param").app, LIVE, [{ revision: version, weight: 1 }]);
    return context.json(revisionInfo(target!.revision), 200);
  });
}
