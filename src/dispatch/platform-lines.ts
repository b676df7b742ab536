/** What the platform has to say of an app's machines and invocations, in the app's log: a line for each event that the app's owner should know of. */
import { MayflyError } from "../base/errors/error.ts";
import type { ErrorCode } from "../base/errors/table.ts";
import { clauseWithOutput } from "../machines/exit.ts";
import type { EventStream } from "../telemetry/event-stream.ts";
import type {
  InvocationCutOff,
  InvocationEnded,
  InvocationGivenUp,
  InvocationOverdue,
  MachineEnded,
  SnapshotLacking,
  SnapshotMade,
} from "../telemetry/platform-event.ts";
import { LogLevel } from "../wire/protocol.ts";
import { megabytes } from "./figures.ts";
import type { LogSink } from "./live-dispatcher.ts";
import { partInWords } from "./sentences.ts";

/** Failures that are the machine's or the platform's doing. The agent logs a function's own. */
const oursToTell: ReadonlySet<string> = new Set<ErrorCode>(["machine-start-failed", "machine-died", "protocol-violation", "internal"]);

/** Returns what ends it. */
export function writePlatformLines(events: EventStream, logs: LogSink): () => void {
  const invocation = (event: InvocationOverdue | InvocationGivenUp | InvocationCutOff | InvocationEnded, text: string) => {
    const { at, app, function: name, invocation: id, machine } = event;
    if (event.appGone) return;
    logs.append({ at, app, function: name, invocation: id, ...(machine !== null && { machine }), level: LogLevel.Platform, text });
  };
  return events.listen({
    "machine-ended": ({ at, app, machine, exit, asked, appGone }: MachineEnded) => {
      if (app === null || asked || appGone) return;
      logs.append({ at, app, machine, level: LogLevel.Platform, text: `Machine ended: ${clauseWithOutput(exit)}.` });
    },
    "snapshot-made": ({ at, app, number, runtime, bytes, ms }: SnapshotMade) => {
      const how = ms === null ? "made by an earlier server" : `made in ${(ms / 1_000).toFixed(1)} s`;
      const text = `The snapshot of ${partInWords(number, runtime)} is there (${megabytes(bytes)}, ${how}): new machines start from it.`;
      logs.append({ at, app, level: LogLevel.Platform, text });
    },
    "snapshot-lacking": ({ at, app, number, runtime, reason }: SnapshotLacking) => {
      const which = runtime === null ? `Revision ${number} runs` : `The ${runtime} functions of revision ${number} run`;
      logs.append({ at, app, level: LogLevel.Platform, text: `${which} without a snapshot: ${reason}.` });
    },
    "invocation-overdue": (event) => invocation(event, `${event.function} did not finish within ${event.timeoutMs} ms.`),
    "invocation-given-up": (event) =>
      invocation(event, `${event.function} still runs ${event.graceMs} ms after its time was up: its machine gets no new work.`),
    "invocation-cut-off": (event) =>
      invocation(
        event,
        `The server was stopped, and ${event.function} did not finish within its ${event.graceMs} ms of grace: it was cut off, and may have run in part.`,
      ),
    "invocation-ended": (event) => {
      if (event.details === null || !oursToTell.has(event.outcome)) return;
      invocation(event, new MayflyError(event.outcome as ErrorCode, event.details).message);
    },
  });
}
