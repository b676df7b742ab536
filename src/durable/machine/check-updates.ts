/** Whether the updates of one checkpoint fit together. Whether each fits the state of its operation is checked where it is applied. */
import type { Operation, OperationAction, OperationType, OperationUpdate } from "../operation.ts";
import { refuse } from "./refusal.ts";

const actions: Record<OperationType, readonly OperationAction[]> = {
  EXECUTION: ["SUCCEED", "FAIL"],
  CONTEXT: ["START", "SUCCEED", "FAIL"],
  STEP: ["START", "SUCCEED", "FAIL", "RETRY"],
  WAIT: ["START", "CANCEL"],
  CALLBACK: ["START", "CANCEL"],
  CHAINED_INVOKE: ["START", "CANCEL"],
};

/** Of an error with all that belongs to it, in bytes. */
const ERROR_BYTES = 32_768;

/** Throws a Refusal. @param known the operation of that id, if there is one already */
export function checkUpdates(updates: readonly OperationUpdate[], known: (id: string) => Operation | undefined): void {
  const last = updates.findIndex(({ Type }) => Type === "EXECUTION");
  if (last >= 0 && updates.some(({ Type }, at) => Type === "EXECUTION" && at !== last))
    refuse("Cannot checkpoint multiple EXECUTION updates.");
  if (last >= 0 && last !== updates.length - 1) refuse("EXECUTION checkpoint must be the last update.");
  const seen = new Map<string, OperationUpdate>();
  for (const update of updates) {
    if (!(actions[update.Type] as readonly string[]).includes(update.Action)) refuse("Invalid action for the given operation type.");
    const before = seen.get(update.Id);
    if (before !== undefined && !mayFollow(before, update)) refuse("Cannot update the same operation twice in a single request.");
    if (!hasParent(update, seen, known)) refuse("Invalid parent operation id.");
    checkContent(update);
    seen.set(update.Id, update);
  }
}

/** A step or a context may begin and end in one checkpoint. */
function mayFollow(before: OperationUpdate, { Action }: OperationUpdate): boolean {
  return (before.Type === "STEP" || before.Type === "CONTEXT") && before.Action === "START" && Action !== "START";
}

function hasParent(
  { ParentId }: OperationUpdate,
  seen: ReadonlyMap<string, OperationUpdate>,
  known: (id: string) => Operation | undefined,
): boolean {
  if (ParentId === undefined) return true;
  return (seen.get(ParentId)?.Type ?? known(ParentId)?.type) === "CONTEXT";
}

function checkContent({ Action, Payload, Error, StepOptions }: OperationUpdate): void {
  if (Action === "FAIL" && Payload !== undefined) refuse("Cannot provide a Payload for FAIL action.");
  if (Action === "SUCCEED" && Error !== undefined) refuse("Cannot provide an Error for SUCCEED action.");
  if (Action === "RETRY" && StepOptions === undefined) refuse("Invalid StepOptions for the given action.");
  if (Action === "RETRY" && Payload !== undefined && Error !== undefined) refuse("Cannot provide both error and payload to RETRY a STEP.");
  if (Error !== undefined && Buffer.byteLength(JSON.stringify(Error)) > ERROR_BYTES)
    refuse(`Error object size must be less than ${ERROR_BYTES} bytes.`);
}
