/** Tells the log, and then the host, how a function failed. */
import { LogLevel, ResetCode } from "../../wire/protocol.ts";
import type { Log } from "../log/log.ts";
import { describe } from "../log/describe.ts";
import type { Invocation } from "./invocation.ts";

export class Failures {
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  threw(invocation: Invocation, error: unknown): void {
    // What a handler throws because its caller went away is no news.
    if (invocation.aborted) return invocation.settle();
    this.#fail(invocation, ResetCode.FunctionThrew, error);
  }

  loadFailed(invocation: Invocation, error: unknown): void {
    this.#fail(invocation, ResetCode.FunctionLoadFailed, error);
  }

  badResponse(invocation: Invocation, what: string): void {
    if (invocation.aborted) return invocation.settle();
    this.#log.say(invocation, LogLevel.Error, `The handler returned something that is no response: ${what}`);
    invocation.fail(ResetCode.BadResponse, what);
  }

  /** A promise given to waitUntil, or an error nobody waited for: the reply is not touched. */
  afterwards(invocation: Invocation | null, error: unknown): void {
    const ended = invocation !== null && !invocation.open ? `After the end of invocation ${invocation.head.id}: ` : "";
    this.#log.say(invocation, LogLevel.Error, ended + describe(error));
  }

  #fail(invocation: Invocation, code: ResetCode, error: unknown): void {
    this.#log.say(invocation, LogLevel.Error, describe(error));
    invocation.fail(code, firstLine(error));
  }
}

function firstLine(error: unknown): string {
  return summary(error).split("\n", 1)[0]!;
}

/** Name and message are the user's, and may be anything: a getter that throws, a symbol. */
function summary(error: unknown): string {
  try {
    return error instanceof Error ? `${error.name}: ${error.message}` : describe(error);
  } catch {
    return describe(error);
  }
}
