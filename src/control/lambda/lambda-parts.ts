import type { Clock } from "../../base/clock/clock.ts";
import type { Catalog } from "../../store/catalog/catalog.ts";
import type { LambdaStore } from "../../store/lambda/lambda-store.ts";
import type { Logs } from "../../store/logs/logs.ts";
import type { EventStream } from "../../telemetry/event-stream.ts";
import type { Serving } from "../serving.ts";

/** What the use cases of the Lambda API work with. */
export interface LambdaParts {
  store: LambdaStore;
  catalog: Catalog;
  serving: Serving;
  logs: Logs;
  events: EventStream;
  clock: Clock;
  deployments: Deployments;
}

/** Carries out the changes of functions that their records describe. */
export interface Deployments {
  /** Begins to deploy what the function's record has now. Its record says how that went. */
  begin(tenant: string, name: string): void;
  /** Resolves when no deploy of the function is under way. */
  ended(tenant: string, name: string): Promise<void>;
}
