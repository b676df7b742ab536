/** The headers of a reply: those of the function, checked against the body, and those of the gateway. */
import { isCorsHeader } from "../access/cors.ts";
import { SESSION_COOKIE } from "../admin/session-cookie-name.ts";
import type { InvocationTiming } from "../../telemetry/platform-event.ts";

interface KeptHeaders {
  keepsLength: boolean;
  /** Whether the gateway adds its metrics. */
  timingHeaders?: boolean;
  /** Whether a path chose the app, so that the reply has its origin in common with other apps, and its host name perhaps with the dashboard. */
  sharesOrigin?: boolean;
}

/**
 * Drops the headers that only the gateway may set: x-mayfly-…, date and, if timing headers are on, the gateway's metrics in server-timing. It also drops cookies with
 * names of the dashboard's sessions: browsers keep those of all ports of a host together, so that a function would end the session of whoever looks at it.
 * Where apps share an origin, it drops what would change the browser's ways with the others' pages as well.
 * Returns the content-length in bytes, -1 if there is none, or a description of the mistake if it is not a number.
 * @param list name, value, name, value …, without hop-by-hop headers; it is changed in place, because most replies keep all of theirs
 */
export function keepReplyHeaders(
  list: string[],
  { keepsLength, timingHeaders = false, sharesOrigin = false }: KeptHeaders,
): number | string {
  let contentLength = -1;
  let kept = 0;
  for (let at = 0; at < list.length; at += 2) {
    const name = list[at]!;
    let value = list[at + 1]!;
    if (name.length === 14 && name.toLowerCase() === "content-length") {
      if (contentLength !== -1 || !/^\d{1,15}$/.test(value)) return "its content-length is not one number";
      contentLength = Number(value);
      if (!keepsLength) continue;
    } else if (isGatewaysOwn(name) || (name.length === 10 && isSessionCookie(name, value)) || (sharesOrigin && isOfWholeOrigin(name))) {
      continue;
    } else if (timingHeaders && name.length === 13 && name.toLowerCase() === "server-timing") {
      value = otherMetrics(value);
      if (value === "") continue;
    }
    list[kept] = name;
    list[kept + 1] = value;
    kept += 2;
  }
  if (kept < list.length) list.length = kept;
  return contentLength;
}

/** The headers with the gateway's for pages of other origins, which replace all that the function has set of these. `vary` is added to the function's. */
export function withGatewaysOwn(list: readonly string[], own: readonly string[]): string[] {
  const all: string[] = [];
  for (let at = 0; at < list.length; at += 2) {
    const name = list[at]!;
    if (!isCorsHeader(name.toLowerCase())) all.push(name, list[at + 1]!);
  }
  all.push(...own);
  return all;
}

export const INVOCATION_HEADER = "x-mayfly-invocation";

/** For speed, the length and the second character rule out nearly every other name. */
function isGatewaysOwn(name: string): boolean {
  if (name.length === 4) return name.toLowerCase() === "date";
  return name.charCodeAt(1) === MINUS && name.slice(0, OWN_PREFIX.length).toLowerCase() === OWN_PREFIX;
}

/** Browsers take off blanks around the name, and take a cookie without a name for one that its value begins with. */
function isSessionCookie(name: string, value: string): boolean {
  return name.toLowerCase() === "set-cookie" && value.replace(/^[\s=]+/, "").startsWith(SESSION_COOKIE);
}

/** They let a page's service worker answer for all paths, remove cookies and storage, and have the browser report requests of all pages elsewhere. */
const ofWholeOrigin = new Set(["service-worker-allowed", "clear-site-data", "nel"]);

/** For speed, the length rules out nearly every other name. */
function isOfWholeOrigin(name: string): boolean {
  const { length } = name;
  return (length === 3 || length === 15 || length === 22) && ofWholeOrigin.has(name.toLowerCase());
}

const MINUS = 45;
const OWN_PREFIX = "x-mayfly-";
const ownMetrics = new Set(["queue", "start", "bind", "run"]);

/** Returns the metrics of a function's Server-Timing header, without those that have a name of the gateway's. Descriptions may contain commas. */
function otherMetrics(value: string): string {
  const metrics = value.match(/(?:[^,"]|"(?:[^"\\]|\\.)*"?)+/g) ?? [];
  return metrics
    .map((metric) => metric.trim())
    .filter((metric) => metric !== "" && !ownMetrics.has(metric.split(";", 1)[0]!.trim().toLowerCase()))
    .join(", ");
}

/** The value of the Server-Timing header; durations in milliseconds. */
export function serverTiming({ queue, start, bind, run }: InvocationTiming): string {
  // A warm call waited for nothing, so one number is formatted instead of four.
  const waits = queue + start + bind === 0 ? noWaits : `queue;dur=${cents(queue)}, start;dur=${cents(start)}, bind;dur=${cents(bind)}`;
  return `${waits}, run;dur=${cents(run)}`;
}

const noWaits = "queue;dur=0, start;dur=0, bind;dur=0";

function cents(ms: number): number {
  return Math.round(ms * 100) / 100;
}
