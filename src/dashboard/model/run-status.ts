/** The statuses of durable executions, as the API has them and as people read them: the same words as in the command line. Pure. */
export const runStatuses = [
  { value: "RUNNING", text: "running" },
  { value: "SUCCEEDED", text: "succeeded" },
  { value: "FAILED", text: "failed" },
  { value: "TIMED_OUT", text: "timed out" },
  { value: "STOPPED", text: "stopped" },
] as const;

/** One that is not known here is shown as it is. */
export function runStatusInWords(status: string): string {
  return runStatuses.find(({ value }) => value === status)?.text ?? status;
}
