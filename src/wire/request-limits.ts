/** The limits of a Request's head. Agents rely on them, so the host refuses the invocation before anything of it is sent. */
import { MayflyError } from "../base/errors/error.ts";
import type { RequestHead } from "./host-end.ts";
import { Limit } from "./protocol.ts";

/**
 * @param text the head as it is sent
 * @throws MayflyError "head-too-large" if what the caller gave exceeds a limit, "internal" if a field that the host fills does
 */
export function assertHeadWithinLimits({ attempt, revision, trace, input }: RequestHead, text: string): void {
  if (text.length > Limit.head || ((input.kind === "http" || input.kind === "upgrade") && input.headers.length > 2 * Limit.headerPairs)) {
    throw new MayflyError("head-too-large", { limit: `${Limit.head} bytes and ${Limit.headerPairs} headers` });
  }
  if (trace.traceparent.length > Limit.traceparent || trace.tracestate.length > Limit.tracestate) throw overLimit("trace context");
  if (revision.length > Limit.revision) throw overLimit("revision");
  if (attempt < 1 || attempt > Limit.attempt) throw overLimit("attempt");
}

function overLimit(what: string): MayflyError {
  return new MayflyError("internal", { what: `an invocation's ${what} is outside of what the host-guest protocol allows` });
}
