import type { Clock } from "../clock/clock.ts";
import { LogLevel } from "../wire/protocol.ts";
import type { Invocation } from "./invocation-run.ts";
import type { LogSink } from "./live-dispatcher.ts";
import type { MachineRecord } from "./machine-record.ts";

/** Lines of an app's machines, on their way to its log. */
export class MachineLog {
  readonly #sink: LogSink;
  readonly #clock: Clock;

  constructor(sink: LogSink, clock: Clock) {
    this.#sink = sink;
    this.#clock = clock;
  }

  /** What the platform has to say of a machine, or of one of its invocations. */
  platform(record: MachineRecord, text: string, invocation?: Invocation): void {
    this.append(record, LogLevel.Platform, text, invocation);
  }

  /** Only of a machine that has an app. */
  append(record: MachineRecord, level: LogLevel, text: string, invocation: Invocation | undefined): void {
    const line = { app: record.app as string, machine: record.name, level, text, at: this.#clock.wall() };
    if (invocation === undefined) this.#sink.append(line);
    else this.#sink.append({ ...line, function: invocation.function, invocation: invocation.id });
  }
}
