/** All operations of the Lambda API but those that call functions, which stand in invoke/. */
import type { LambdaRoute } from "./call.ts";
import type { LambdaDoorParts } from "./door-parts.ts";
import { accountRoutes } from "./operations/account.ts";
import { aliasRoutes } from "./operations/aliases.ts";
import { codeSigningRoutes } from "./operations/code-signing.ts";
import { concurrencyRoutes } from "./operations/concurrency.ts";
import { configRoutes } from "./operations/configs.ts";
import { eventInvokeRoutes } from "./operations/event-invokes.ts";
import { eventSourceRoutes } from "./operations/event-sources.ts";
import { functionRoutes } from "./operations/functions.ts";
import { layerRoutes } from "./operations/layers.ts";
import { notHereRoutes } from "./operations/not-here.ts";
import { permissionRoutes } from "./operations/permissions.ts";
import { resourcePolicyRoutes } from "./operations/resource-policies.ts";
import { tagRoutes } from "./operations/tags.ts";
import { urlRoutes } from "./operations/urls.ts";
import { versionRoutes } from "./operations/versions.ts";

export function lambdaRoutes(parts: LambdaDoorParts): LambdaRoute[] {
  return [
    ...functionRoutes(parts),
    ...versionRoutes(parts),
    ...aliasRoutes(parts),
    ...layerRoutes(parts),
    ...permissionRoutes(parts),
    ...resourcePolicyRoutes(parts),
    ...urlRoutes(parts),
    ...eventInvokeRoutes(parts),
    ...concurrencyRoutes(parts),
    ...tagRoutes(parts),
    ...configRoutes(parts),
    ...codeSigningRoutes(parts),
    ...eventSourceRoutes(parts),
    ...notHereRoutes(parts),
    ...accountRoutes(parts),
  ];
}
