import type { Clock } from "../base/clock/clock.ts";
import { type ErrorDetails, MayflyError } from "../base/errors/error.ts";
import type { ErrorCode } from "../base/errors/table.ts";
import { LogLevel } from "../wire/protocol.ts";
import type { Invocation } from "./invocation-run.ts";
import type { LogSink } from "./live-dispatcher.ts";
import type { MachineRecord, StreamOwner } from "./machine-record.ts";

const oursToTell = new Set<ErrorCode>(["machine-start-failed", "machine-died", "protocol-violation", "internal"]);

/** Writes lines about an app's machines, and of them, to the app's log. */
export class MachineLog {
  readonly #sink: LogSink;
  readonly #clock: Clock;

  constructor(sink: LogSink, clock: Clock) {
    this.#sink = sink;
    this.#clock = clock;
  }

  /** A line that the platform writes about a machine, or about one of its invocations. */
  platform(record: MachineRecord, text: string, invocation?: StreamOwner): void {
    this.append(record, LogLevel.Platform, text, invocation);
  }

  /** Writes why an invocation failed, if the machine or the platform is the cause. The agent itself reports failures of the function. */
  failed(invocation: Invocation, code: ErrorCode, details: ErrorDetails): void {
    if (!oursToTell.has(code) || invocation.machine?.orphaned) return;
    const { app, function: name, id, machine } = invocation;
    const line = { app, function: name, invocation: id, level: LogLevel.Platform, at: this.#clock.wall() };
    const { message } = new MayflyError(code, details);
    this.#sink.append({ ...line, ...(machine === null ? {} : { machine: machine.name }), text: message });
  }

  /** A machine that belongs to no app has no log. */
  append(record: MachineRecord, level: LogLevel, text: string, invocation: StreamOwner | undefined): void {
    if (record.orphaned) return;
    const line = { app: record.app as string, machine: record.name, level, text, at: this.#clock.wall() };
    if (invocation === undefined) this.#sink.append(line);
    else this.#sink.append({ ...line, function: invocation.function, invocation: invocation.id });
  }
}
