/** The lines of bills as people read them: the API names them by codes. Pure. */
import { number } from "./format.ts";

const words: Record<string, string> = {
  "cpu-run": "CPU of functions",
  "cpu-bring-up": "CPU of starts and binds",
  memory: "Memory held",
  requests: "Calls",
  reads: "Reads of key-value stores and databases",
  writes: "Writes of key-value stores and databases",
  stored: "Kept in key-value stores and databases",
  "object-reads": "Reads of buckets",
  "object-writes": "Writes of buckets",
  "object-stored": "Kept in buckets",
  "object-out": "Sent out of buckets",
  "queue-requests": "Requests to queues",
};

/** One that is not known here is shown as it is. */
export function lineInWords(what: string): string {
  return words[what] ?? what;
}

/** @param unit as the API has it, such as "s" or "requests" */
export function quantityInWords(quantity: number, unit: string): string {
  return unit === "requests" ? number(quantity) : `${number(quantity)} ${unit}`;
}
