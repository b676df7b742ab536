/** The headers of a reply: the function's, checked against its body, with the gateway's own. */
import type { InvocationTiming } from "../../dispatch/invocation.ts";

export interface ReplyHeaders {
  /** name, value, name, value… for writeHead. */
  list: string[];
  /** Body bytes that the headers promise; -1: none given. */
  contentLength: number;
}

/**
 * What the gateway says itself is dropped: x-mayfly-…, date, and, with timing headers, the metrics in server-timing that are the gateway's.
 * Returns what is wrong where the content-length is no number.
 * @param given name, value, name, value… without hop-by-hop headers
 */
export function replyHeaders(given: readonly string[], keepsLength: boolean, timingHeaders: boolean): ReplyHeaders | string {
  const list: string[] = [];
  let contentLength = -1;
  for (let at = 0; at < given.length; at += 2) {
    const name = given[at]!;
    const value = given[at + 1]!;
    if (name.length === 14 && name.toLowerCase() === "content-length") {
      if (contentLength !== -1 || !/^\d{1,15}$/.test(value)) return "its content-length is not one number";
      contentLength = Number(value);
      if (!keepsLength) continue;
    } else if (isGatewaysOwn(name)) {
      continue;
    } else if (timingHeaders && name.length === 13 && name.toLowerCase() === "server-timing") {
      const others = otherMetrics(value);
      if (others !== "") list.push(name, others);
      continue;
    }
    list.push(name, value);
  }
  return { list, contentLength };
}

export const INVOCATION_HEADER = "x-mayfly-invocation";

/** Nearly every name is told apart by its length or its second character. */
function isGatewaysOwn(name: string): boolean {
  if (name.length === 4) return name.toLowerCase() === "date";
  return name.charCodeAt(1) === MINUS && name.slice(0, OWN_PREFIX.length).toLowerCase() === OWN_PREFIX;
}

const MINUS = 45;
const OWN_PREFIX = "x-mayfly-";
const ownMetrics = new Set(["queue", "start", "bind", "run"]);

/** Those of a function's Server-Timing that do not pass for the gateway's; a description may hold commas. */
function otherMetrics(value: string): string {
  const metrics = value.match(/(?:[^,"]|"(?:[^"\\]|\\.)*"?)+/g) ?? [];
  return metrics
    .map((metric) => metric.trim())
    .filter((metric) => metric !== "" && !ownMetrics.has(metric.split(";", 1)[0]!.trim().toLowerCase()))
    .join(", ");
}

/** Milliseconds, as the Server-Timing header has them. */
export function serverTiming({ queue, start, bind, run }: InvocationTiming): string {
  // Warm calls waited for nothing: one number to print instead of four.
  const waits = queue + start + bind === 0 ? noWaits : `queue;dur=${cents(queue)}, start;dur=${cents(start)}, bind;dur=${cents(bind)}`;
  return `${waits}, run;dur=${cents(run)}`;
}

const noWaits = "queue;dur=0, start;dur=0, bind;dur=0";

function cents(ms: number): number {
  return Math.round(ms * 100) / 100;
}
