/** The API's description by itself, at /openapi.json: made from the table of routes, and from nothing else. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import * as routes from "./routes.ts";
import { type ApiEnv, TENANT_HEADER } from "./scope.ts";

type Described = ReturnType<OpenAPIHono<ApiEnv>["getOpenAPI31Document"]>;

interface Schema {
  type?: string | string[];
}

interface Operation {
  parameters?: { schema?: Schema }[];
}

export function addDocument(app: OpenAPIHono<ApiEnv>): void {
  app.openAPIRegistry.registerComponent("securitySchemes", "token", { type: "http", scheme: "bearer" });
  let made: Described | undefined;
  // Made at the first request, when all routes are there. A handler of Hono's, whose errors become replies.
  // oxlint-disable-next-line mayfly/guarded-listeners
  app.get("/openapi.json", (context) => context.json((made ??= mended(described(app)))));
}

function described(app: OpenAPIHono<ApiEnv>): Described {
  return app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "Mayfly management API",
      version: "1",
      license: { name: "Apache-2.0" },
      description: `A token's principal is of a tenant, or of the whole server. One of the whole server chooses the tenant of a request with the header ${TENANT_HEADER}; without it, lists are of the whole server, and apps are those of the tenant main.`,
    },
    servers: [{ url: "/" }],
    security: [{ token: [] }],
  });
}

/**
 * What the library leaves out or says wrongly: an operation's id, which methods of clients that are made from the document are named after, is the name of its
 * route in the table; and a parameter, which is text in a URL, is never null, as the library says of every number that is read from text.
 */
function mended(whole: Described): Described {
  const names = new Map(Object.entries(routes).map(([name, { method, path }]) => [`${method} ${path}`, name]));
  const paths = Object.entries(whole.paths ?? {}).map(([path, methods]) => {
    const all = Object.entries(methods).map(([method, operation]) => {
      const operationId = names.get(`${method} ${path}`);
      return [method, operationId === undefined ? operation : { operationId, ...withoutNull(operation as Operation) }];
    });
    return [path, Object.fromEntries(all)];
  });
  return { ...whole, paths: Object.fromEntries(paths) as NonNullable<Described["paths"]> };
}

function withoutNull(operation: Operation): Operation {
  const { parameters } = operation;
  if (parameters === undefined) return operation;
  return {
    ...operation,
    parameters: parameters.map(({ schema = {}, ...parameter }) => Object.assign(parameter, { schema: notNull(schema) })),
  };
}

function notNull(schema: Schema): Schema {
  if (!Array.isArray(schema.type)) return schema;
  const [only, ...more] = schema.type.filter((each) => each !== "null");
  return more.length > 0 || only === undefined ? schema : { ...schema, type: only };
}
