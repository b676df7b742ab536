/** Finds out in which style a function is written. */
import type { BindFunction, BindMessage } from "../../../../wire/protocol.ts";
import type { Failures } from "../../../agent/invocation/failures.ts";
import { type FetchApp, fetchRunner } from "./fetch-style.ts";
import { type LambdaHandler, lambdaRunner } from "../lambda/lambda-style.ts";
import type { Runner } from "./runner.ts";

/** What the runners of an app share. */
export interface AppContext {
  app: string;
  memoryMb: number;
  concurrency?: number;
  /** Variables, secrets and bindings. */
  env: Record<string, unknown>;
  /** Absent if the app has none. */
  bindings?: BindMessage["bindings"];
  failures: Failures;
}

/** @param exports of a function that was made by AWS Lambda's API, the handler itself @throws if the exports fit neither style */
export function makeRunner(context: AppContext, exports: unknown, { handler, name, lambda: facts }: BindFunction): Runner {
  if (facts !== undefined) return lambdaRunner({ ...context, facts }, exports as LambdaHandler, context.failures);
  const app = defaultExport(exports);
  if (typeof property(app, "fetch") === "function" || typeof property(app, "queue") === "function")
    return fetchRunner(app as FetchApp, context.env, context.failures);
  const lambda = property(exports, handler) ?? property(app, handler);
  if (typeof lambda === "function") return lambdaRunner(context, lambda as LambdaHandler, context.failures);
  throw new TypeError(
    `Function ${name} has neither a default export with a fetch method nor an export named ${JSON.stringify(handler)} that is a function`,
  );
}

/** The default export. Bundlers wrap that of CommonJS code once more. */
function defaultExport(exports: unknown): unknown {
  const once = property(exports, "default") ?? exports;
  return property(once, "fetch") === undefined ? (property(once, "default") ?? once) : once;
}

/** The object's own property, because a handler called `toString` must be one that is exported. */
function property(value: unknown, key: string): unknown {
  if ((typeof value !== "object" || value === null) && typeof value !== "function") return undefined;
  const found = (value as Record<string, unknown>)[key];
  return found === (Object.prototype as unknown as Record<string, unknown>)[key] ? undefined : found;
}
