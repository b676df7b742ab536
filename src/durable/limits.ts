/** What an execution may have, beside the server's settings. */
export interface ExecutionLimits {
  /** Steps, waits, contexts and so on of one execution. */
  operations: number;
  /** All that is stored of one execution, in bytes. */
  bytes: number;
  /** Executions of an app that have not ended. */
  open: number;
}

/** Of what a function hands over in one checkpoint. */
export const MOST_UPDATES = 250;
/** How many invocations in a row may fail without having stored anything; then the execution fails. */
export const MOST_FAILURES = 10;

/** Before the function is called again after it failed, milliseconds. @param failures in a row, from 1 */
export function waitAfterFailure(failures: number): number {
  return Math.min(60_000, 250 * 2 ** (failures - 1));
}
