import assert from "node:assert/strict";
import { test } from "node:test";
import * as sdk from "@aws-sdk/client-lambda";
import type { LambdaDoorParts } from "./door-parts.ts";
import { executionRoutes, type ExecutionRouteParts } from "./durable/execution-routes.ts";
import { type InvokeParts, invokeRoutes } from "./invoke/invoke-routes.ts";
import { lambdaRoutes } from "./routes.ts";

/** What AWS's SDK knows of an operation: a tuple whose first member says that it is one, and whose fourth has its traits. */
type Operation = [kind: 9, namespace: string, name: string, traits: { http: [method: string, path: string, status: number] }];

test("every operation that AWS's SDK has is answered here, at the path and by the method that it uses", () => {
  const operations = Object.values(sdk as Record<string, unknown>).filter(isOperation);
  assert.ok(operations.length > 80, `the SDK has ${operations.length} operations`);
  // No route asks for its parts before it is called.
  const limits = { requestBytes: 1, eventBytes: 1, responseBytes: 1 };
  const routes = [
    ...lambdaRoutes({} as LambdaDoorParts),
    ...invokeRoutes({ limits } as InvokeParts),
    ...executionRoutes({} as ExecutionRouteParts),
  ];
  const plain = (path: string) => path.replace(/\/(?=\?|$)/, "");
  assert.deepEqual(
    routes.map(({ operation, method, path }) => `${operation} ${method} ${plain(path)}`).toSorted(),
    operations.map(([, , name, { http }]) => `${name} ${http[0]} ${plain(http[1])}`).toSorted(),
  );
});

function isOperation(value: unknown): value is Operation {
  return Array.isArray(value) && value[0] === 9;
}
