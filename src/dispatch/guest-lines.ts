import type { Clock } from "../base/clock/clock.ts";
import type { LogLevel } from "../wire/protocol.ts";
import type { LogSink } from "./live-dispatcher.ts";
import type { MachineRecord, StreamOwner } from "./machine-record.ts";

/** Writes what an app's machines print to the app's log. */
export class GuestLines {
  readonly #sink: LogSink;
  readonly #clock: Clock;

  constructor(sink: LogSink, clock: Clock) {
    this.#sink = sink;
    this.#clock = clock;
  }

  /** A machine that belongs to no app has no log. */
  append(record: MachineRecord, level: LogLevel, text: string, invocation: StreamOwner | undefined): void {
    if (record.orphaned) return;
    const line = { app: record.app as string, machine: record.name, level, text, at: this.#clock.wall() };
    if (invocation === undefined) return this.#sink.append(line);
    invocation.logged(level, text);
    const { id, function: name, trace } = invocation;
    this.#sink.append({ ...line, function: name, invocation: id }, trace?.traceparent);
  }
}
