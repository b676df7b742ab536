/** Why an execution has not ended, in words. */
import type { DetailedExecution, Waiting } from "./store/look.ts";

/** Of what it waits for, so much is named. */
const MOST_NAMED = 5;

/** Without a full stop; empty if it has ended. Times are those of UTC. */
export function whyOpen({
  status,
  isRunning,
  wantedAt,
  failures,
  invocations,
  waitsFor,
}: Pick<DetailedExecution, "status" | "isRunning" | "wantedAt" | "failures" | "invocations" | "waitsFor">): string {
  if (status !== "RUNNING") return "";
  if (isRunning) return `its function is being called, for the ${ordinal(invocations)} time`;
  if (wantedAt !== null)
    return failures > 0
      ? `its function broke off ${failures} times in a row, and is called again at ${time(wantedAt)}`
      : "its function is called as soon as there is room";
  const named = waitsFor.slice(0, MOST_NAMED).map(inWords);
  const more = waitsFor.length > MOST_NAMED ? " and others" : "";
  return `it waits for ${named.join(", ")}${more}`;
}

function inWords({ type, status, name, dueAt, callbackId }: Waiting): string {
  const own = name === undefined ? "" : ` ${name}`;
  const until = dueAt === null ? "" : ` until ${time(dueAt)}`;
  switch (type) {
    case "WAIT":
      return `the time${own}${until}`;
    case "STEP":
      return status === "PENDING" && dueAt !== null ? `the next attempt of the step${own} at ${time(dueAt)}` : `the step${own}`;
    case "CALLBACK":
      return `the callback${own} (${callbackId})${until}`;
    case "CHAINED_INVOKE":
      return `the call${own} of another function`;
    default:
      return `the operation${own}`;
  }
}

function time(ms: number): string {
  return new Date(ms).toISOString();
}

function ordinal(count: number): string {
  const last = count % 10;
  const isTeen = Math.floor(count / 10) % 10 === 1;
  const ending = isTeen ? "th" : ({ 1: "st", 2: "nd", 3: "rd" }[last] ?? "th");
  return `${count}${ending}`;
}
