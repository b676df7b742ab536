/** Who calls the functions of executions. */
import type { Begun, Invoked } from "./store/run.ts";

export interface Invoker {
  /** Calls the function once. What it rejects with counts as "refused". @param token for its first checkpoint */
  invoke(begun: Begun, token: string): Promise<{ requestId: string; outcome: Invoked }>;
}
