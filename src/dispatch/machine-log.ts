import type { Clock } from "../base/clock/clock.ts";
import { type ErrorDetails, MayflyError } from "../base/errors/error.ts";
import type { ErrorCode } from "../base/errors/table.ts";
import { LogLevel } from "../wire/protocol.ts";
import type { Invocation } from "./invocation-run.ts";
import type { LogSink } from "./live-dispatcher.ts";
import type { MachineRecord, StreamOwner } from "./machine-record.ts";

const oursToTell = new Set<ErrorCode>(["machine-start-failed", "machine-died", "protocol-violation", "internal"]);

/** Lines of an app's machines, on their way to its log. */
export class MachineLog {
  readonly #sink: LogSink;
  readonly #clock: Clock;

  constructor(sink: LogSink, clock: Clock) {
    this.#sink = sink;
    this.#clock = clock;
  }

  /** What the platform has to say of a machine, or of one of its invocations. */
  platform(record: MachineRecord, text: string, invocation?: StreamOwner): void {
    this.append(record, LogLevel.Platform, text, invocation);
  }

  /** Why an invocation failed, where that is the machine's or the platform's doing: of its own failures the agent tells. */
  failed(invocation: Invocation, code: ErrorCode, details: ErrorDetails): void {
    if (!oursToTell.has(code) || invocation.machine?.orphaned) return;
    const { app, function: name, id, machine } = invocation;
    const line = { app, function: name, invocation: id, level: LogLevel.Platform, at: this.#clock.wall() };
    const { message } = new MayflyError(code, details);
    this.#sink.append({ ...line, ...(machine === null ? {} : { machine: machine.name }), text: message });
  }

  /** Only of a machine that has an app. */
  append(record: MachineRecord, level: LogLevel, text: string, invocation: StreamOwner | undefined): void {
    if (record.orphaned) return;
    const line = { app: record.app as string, machine: record.name, level, text, at: this.#clock.wall() };
    if (invocation === undefined) this.#sink.append(line);
    else this.#sink.append({ ...line, function: invocation.function, invocation: invocation.id });
  }
}
