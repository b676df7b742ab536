import type { DatabaseSync } from "node:sqlite";
import { executionArn } from "../arn.ts";
import { happened } from "../history-event.ts";
import type { ExecutionLimits } from "../limits.ts";
import { applyUpdate } from "../machine/apply-update.ts";
import { calleeEnded } from "../machine/by-itself.ts";
import { checkUpdates } from "../machine/check-updates.ts";
import { Refusal, refuse } from "../machine/refusal.ts";
import type { ErrorObject, Operation, OperationUpdate } from "../operation.ts";
import type { ExecutionRow, NewExecution } from "./execution-rows.ts";
import { derivedId, type Effects, type Life, noEffects, soonest } from "./life.ts";

export interface CheckpointCall {
  id: string;
  token: string;
  clientToken: string | null;
  updates: OperationUpdate[];
  /** For the updates that call functions, by their ids: what is called, without what follows from the call, or why it cannot be. */
  callees: Record<string, Callee | { error: ErrorObject }>;
  /** A new secret: the next token. */
  nextToken: string;
  limits: ExecutionLimits;
  now: number;
}

export type Callee = Omit<NewExecution, "id" | "name" | "input" | "digest">;

export type CheckpointAnswer =
  | { kind: "done"; token: string; operations: Operation[]; effects: Effects }
  /** In AWS's words. */
  | { kind: "refused"; text: string }
  | { kind: "unknown" };

const WRONG_TOKEN = "Invalid Checkpoint Token";

export function checkpointOperations(_db: DatabaseSync, life: Life) {
  const { executions, operations } = life;

  /** The same checkpoint again, because its answer was lost. */
  function repeated(row: ExecutionRow, { token, clientToken }: CheckpointCall): CheckpointAnswer | undefined {
    const { last } = row;
    if (last === null || last.token !== token || last.clientToken === null || last.clientToken !== clientToken) return undefined;
    return { kind: "done", token: row.token, operations: operations.changedSince(row.seq, last.seen).operations, effects: noEffects() };
  }

  function call(
    row: ExecutionRow,
    update: OperationUpdate,
    operation: Operation,
    { nextToken, callees, limits, now }: CheckpointCall,
    effects: Effects,
  ): void {
    const found = callees[update.Id] ?? { error: { ErrorType: "ResourceNotFoundException", ErrorMessage: "The function was not found." } };
    const callee = "error" in found || executions.open(found.app) < limits.open ? found : { error: tooMany(limits.open) };
    const { FunctionName, TenantId } = update.ChainedInvokeOptions!;
    const input = { Input: { ...(update.Payload !== undefined && { Payload: update.Payload }), Truncated: false } };
    const named = { FunctionName, ...(TenantId !== undefined && { TenantId }), ...input };
    if ("error" in callee) {
      executions.tell(row, happened("ChainedInvokeStarted", operation, named), now);
      return life.settle(row, calleeEnded(operation, { status: "FAILED", error: callee.error }, now), now, true);
    }
    const secret = derivedId(nextToken, update.Id).toString("hex");
    const name = `${row.id}-${secret.slice(0, 12)}`;
    const execution: NewExecution = { ...callee, id: uuidOf(secret), name, input: update.Payload, digest: "" };
    life.operations.put(row, operation, false);
    const { about, version, id, isDurable } = execution;
    const arn = executionArn({ functionArn: about.functionArn, version, name, id });
    const details = { ...named, ExecutedVersion: version, ...(isDurable && { DurableExecutionArn: arn }) };
    executions.tell(row, happened("ChainedInvokeStarted", operation, details), now);
    life.start(execution, now, effects, { seq: row.seq, operation: operation.id });
  }

  function cancelCallees(seq: number, operation: string, now: number, effects: Effects): void {
    for (const callee of executions.callees(seq, operation))
      if (callee.status === "RUNNING")
        life.finish(callee, { status: "STOPPED", error: { ErrorType: "ChainedInvoke.Cancelled" } }, now, effects);
  }

  function apply(row: ExecutionRow, update: OperationUpdate, asked: CheckpointCall, effects: Effects): void {
    const { now, nextToken } = asked;
    if (update.Type === "EXECUTION") return;
    const before = operations.find(row.seq, update.Id);
    const callbackId = derivedId(nextToken, update.Id).toString("base64");
    const applied = applyUpdate(update, before, { now, callbackId });
    if (before === undefined) row.operations += 1;
    if (update.Type === "CHAINED_INVOKE" && update.Action === "START") return call(row, update, applied.operation, asked, effects);
    life.settle(row, applied, now, false);
    soonest(effects, applied.operation.dueAt);
    if (update.Type === "CHAINED_INVOKE") cancelCallees(row.seq, update.Id, now, effects);
    const { type, endedAt, replayChildren, id } = applied.operation;
    if (type === "CONTEXT" && endedAt !== undefined && replayChildren !== true) operations.hideInside(row.seq, id);
  }

  function applyAll(row: ExecutionRow, asked: CheckpointCall, effects: Effects): CheckpointAnswer {
    const { updates, limits, now, token, clientToken, nextToken } = asked;
    checkUpdates(updates, (id) => operations.find(row.seq, id));
    life.ripenOne(row, now);
    for (const update of updates) apply(row, update, asked, effects);
    if (row.operations > limits.operations) refuse(`Durable execution exceeded the limit of ${limits.operations} operations.`);
    if (row.bytes > limits.bytes) refuse(`Durable execution exceeded the limit of ${limits.bytes} bytes.`);
    const changed = operations.changedSince(row.seq, row.seen);
    Object.assign(row, {
      last: { token, clientToken, seen: row.seen },
      token: nextToken,
      seen: row.changes,
      wasTold: changed.isByItself,
      failures: 0,
    });
    const end = updates.at(-1);
    if (end?.Type === "EXECUTION")
      life.finish(row, { status: end.Action === "SUCCEED" ? "SUCCEEDED" : "FAILED", result: end.Payload, error: end.Error }, now, effects);
    else executions.save(row);
    return { kind: "done", token: nextToken, operations: changed.operations, effects };
  }

  return {
    /** What it refuses has changed nothing: the caller undoes what was written. */
    checkpoint(asked: CheckpointCall): CheckpointAnswer {
      const row = executions.find(asked.id);
      if (row === undefined || !row.isDurable) return { kind: "unknown" };
      if (row.status === "RUNNING" && row.isRunning) {
        const again = repeated(row, asked);
        if (again !== undefined) return again;
      }
      if (row.status !== "RUNNING" || row.token !== asked.token) return { kind: "refused", text: WRONG_TOKEN };
      return undone(_db, () => applyAll(row, asked, noEffects()));
    },
  };
}

function tooMany(limit: number): ErrorObject {
  return { ErrorType: "TooManyRequestsException", ErrorMessage: `The app has ${limit} executions that have not ended.` };
}

/** A Refusal takes back what was written before it. */
function undone(db: DatabaseSync, work: () => CheckpointAnswer): CheckpointAnswer {
  db.exec("SAVEPOINT checkpoint");
  try {
    const answer = work();
    db.exec("RELEASE checkpoint");
    return answer;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    db.exec("ROLLBACK TO checkpoint; RELEASE checkpoint");
    return { kind: "refused", text: error.message };
  }
}

/** Of hexadecimal digits, in the form of a UUID. */
function uuidOf(hex: string): string {
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join("-");
}
