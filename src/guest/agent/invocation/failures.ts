/** Reports to the log, and then to the host, how a function failed. */
import { LogLevel, ResetCode } from "../../../wire/protocol.ts";
import type { Log } from "../log/log.ts";
import { withoutAgentFrames } from "../log/agent-frames.ts";
import { describe } from "../log/describe.ts";
import { errorDocument } from "./error-document.ts";
import type { Invocation } from "./invocation.ts";

export class Failures {
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  threw(invocation: Invocation, error: unknown): void {
    // An error that a handler throws because its caller went away is not reported.
    if (invocation.aborted) return invocation.settle();
    if (!invocation.head.isEvent || !invocation.unanswered) return this.#fail(invocation, ResetCode.FunctionThrew, error);
    this.#answer(invocation, error);
  }

  /** A program reported that an invocation failed. @param document for the one who sent an event */
  reported(invocation: Invocation, { text, document }: { text: string; document: string }): void {
    if (invocation.aborted) return invocation.settle();
    if (!invocation.head.isEvent || !invocation.unanswered) return this.#fail(invocation, ResetCode.FunctionThrew, text);
    this.#log.say(invocation, LogLevel.Error, text);
    invocation.reply(500, [], document);
  }

  loadFailed(invocation: Invocation, error: unknown): void {
    if (invocation.head.isLambda && invocation.unanswered) this.#answer(invocation, error);
    else this.#fail(invocation, ResetCode.FunctionLoadFailed, error);
  }

  /** @param document for a caller who expects the answers of AWS Lambda's API */
  badResponse(invocation: Invocation, what: string, document?: object): void {
    if (invocation.aborted) return invocation.settle();
    this.#log.say(invocation, LogLevel.Error, `The handler returned something that is no response: ${what}`);
    if (document !== undefined && invocation.head.isLambda && invocation.unanswered) invocation.reply(500, [], JSON.stringify(document));
    else invocation.fail(ResetCode.BadResponse, what);
  }

  /** Logs the rejection of a promise given to waitUntil, or an error that nobody caught after the reply. The reply stays as it is. */
  afterwards(invocation: Invocation | null, error: unknown): void {
    const ended = invocation !== null && !invocation.open ? `After the end of invocation ${invocation.head.id}: ` : "";
    this.#log.say(invocation, LogLevel.Error, ended + described(error));
  }

  #answer(invocation: Invocation, error: unknown): void {
    this.#log.say(invocation, LogLevel.Error, described(error));
    invocation.reply(
      500,
      [],
      errorDocument(error, (stack) => withoutAgentFrames(this.#log.inSources(stack))),
    );
  }

  #fail(invocation: Invocation, code: ResetCode, error: unknown): void {
    this.#log.say(invocation, LogLevel.Error, described(error));
    invocation.fail(code, firstLine(error));
  }
}

/** The error as the log shows it. If a module is missing, the cause is added, which is the same however the code asked for the module. */
function described(error: unknown): string {
  return isMissingModule(error) ? `${describe(error)}\n${NOT_BUNDLED}` : describe(error);
}

const NOT_BUNDLED =
  "Machines have what `mayfly deploy` bundled, and Node's own modules. To have a package there: install it beside mayfly.json, name it by a literal " +
  "text in import or require, and deploy again. Packages with native add-ons are named in `external` of mayfly.json, too.";

function isMissingModule(error: unknown): boolean {
  try {
    return error instanceof Error && "code" in error && (error.code === "MODULE_NOT_FOUND" || error.code === "ERR_MODULE_NOT_FOUND");
  } catch {
    return false; // a getter or a proxy of the user's threw
  }
}

export function firstLine(error: unknown): string {
  return summary(error).split("\n", 1)[0]!;
}

/** Never throws, although name and message are the user's, and may be a getter that throws or a symbol. */
function summary(error: unknown): string {
  try {
    return error instanceof Error ? `${error.name}: ${error.message}` : describe(error);
  } catch {
    return describe(error);
  }
}
