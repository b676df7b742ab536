/** Durable executions: started, checkpointed by their functions, completed by callbacks, looked at and stopped. `app` is an app's id everywhere. */
import type { TraceContext } from "../wire/host-end.ts";
import type { CallbackMessage } from "./machine/by-itself.ts";
import type { ErrorObject, ExecutionStatus, Operation, OperationUpdate } from "./operation.ts";
import type { Callee } from "./store/checkpoint.ts";
import type { NewExecution } from "./store/execution-rows.ts";
import type { DetailedExecution, ExecutionFacts, HistoryPage, ListQuery, ShownExecution } from "./store/look.ts";
import type { OperationPage } from "./store/operation-rows.ts";

export interface Executions {
  /**
   * Resolves when the execution is on the disk. The same name and input again give the same execution. `digest` tells inputs apart; default: that of the input. Rejects with "execution-exists" if the name stands for another input,
   * "too-many-executions", "store-busy" and "disk-full". `trace` is that of whoever starts it.
   */
  start(
    execution: Omit<NewExecution, "id" | "digest"> & { trace?: TraceContext | undefined },
    digest?: string,
  ): Promise<{ id: string; isNew: boolean }>;
  /** Resolves when the execution has ended, at once if it has already. @param signal ends the wait */
  ended(id: string, signal: AbortSignal): Promise<EndedExecution | null>;
  /** Null: there is no such execution. */
  get(id: string): Promise<DetailedExecution | null>;
  /** What of an execution does not change. It may be gone nevertheless. Null: there was none. */
  facts(id: string): Promise<ExecutionFacts | null>;
  history(id: string, page: { after: number | null; most: number; isReverse: boolean }): Promise<HistoryPage | null>;
  list(query: ListQuery): Promise<{ executions: ShownExecution[]; next: number | null }>;
  /** Null: there is no such execution. One that has ended stays as it is. Returns when it ended, wall clock, ms. */
  stop(id: string, error?: ErrorObject): Promise<number | null>;
  /** For the function itself. */
  checkpoint(call: Checkpoint): Promise<Checkpointed>;
  state(id: string, token: string, page: { after: number; most: number }): Promise<OperationPage | null | "wrong-token">;
  /** "unknown": nobody's. "closed": it has ended before. */
  callBack(id: string, message: CallbackMessage): Promise<"done" | "unknown" | "closed">;
  /** Whose callback it is. */
  callbackOf(id: string): Promise<{ app: string; function: string } | undefined>;
}

export interface Checkpoint {
  id: string;
  token: string;
  clientToken: string | null;
  updates: OperationUpdate[];
  callees: Record<string, Callee | { error: ErrorObject }>;
}

export type Checkpointed =
  | { kind: "done"; token: string; operations: Operation[] }
  | { kind: "refused"; text: string }
  | { kind: "unknown" };

export interface EndedExecution {
  status: ExecutionStatus;
  result: string | undefined;
  error: ErrorObject | undefined;
}
