/** What an app's owner is told of its limits, in the app's log and the server's. */
import type { EventStream } from "../../telemetry/event-stream.ts";
import type { LimitName, LimitNeared, LimitReached } from "../../telemetry/platform-event.ts";
import { limitNames } from "./quotas.ts";

/** Returns what ends it. */
export function writeLimitLines(events: EventStream, write: (app: string, text: string) => void): () => void {
  return events.listen({
    "limit-neared": (event) => write(event.app, nearedSentence(event)),
    "limit-reached": (event) => write(event.app, reachedSentence(event)),
  });
}

function nearedSentence({ limit, month, used, most, currency }: LimitNeared): string {
  const percent = Math.floor((100 * used) / most);
  return `The app has used ${percent} % of its limit of ${limitNames[limit]} for ${month} (${figures(limit, used, most, currency)}).`;
}

function reachedSentence({ limit, month, used, most, currency }: LimitReached): string {
  const of = `${limitNames[limit]} for ${month} is reached (${figures(limit, used, most, currency)})`;
  return `The app's limit of ${of}: calls are refused until the month ends or the limit is raised.`;
}

function figures(limit: LimitName, used: number, most: number, currency: string): string {
  return `${inWords(limit, used, currency)} of ${inWords(limit, most, currency)}`;
}

function inWords(limit: LimitName, value: number, currency: string): string {
  if (limit === "requests") return String(value);
  return limit === "spend" ? `${Number(value.toPrecision(4))} ${currency}` : `${Number(value.toPrecision(4))} s`;
}
