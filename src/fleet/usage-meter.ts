/**
 * One machine's use of CPU and memory, cut into entries for the ledger.
 *
 * 1. Until an app takes the machine all of it is the platform's. Then the CPU of its start moves to that app: a pair of entries
 *    that cancel each other, told together. The memory that it held while nobody had it stays the platform's.
 * 2. What a bound machine uses that is the platform's doing, as to be stopped and woken, is told as the platform's.
 * 3. What is told sums to what the driver counted, whoever it is told of.
 */
import type { Clock } from "../base/clock/clock.ts";
import type { Usage } from "../machines/driver.ts";
import type { UsageEntry, UsageSink } from "./fleet.ts";

export class UsageMeter {
  readonly #machine: string;
  readonly #clock: Clock;
  readonly #sink: UsageSink;
  #app: string | null = null;
  #kind: UsageEntry["kind"] = "start";
  #last: Usage = { cpuUs: 0, memoryBytes: 0 };
  #lastAt: number;

  constructor(machine: string, clock: Clock, sink: UsageSink) {
    this.#machine = machine;
    this.#clock = clock;
    this.#sink = sink;
    this.#lastAt = clock.now();
  }

  /** As of the last sample. */
  get usage(): Usage {
    return this.#last;
  }

  /** The driver starts it now. */
  begin(): void {
    this.#lastAt = this.#clock.now();
  }

  /** @param platformUs of the CPU since the last sample, so much is the platform's, if there was that much */
  sample(usage: Usage, platformUs = 0): void {
    const now = this.#clock.now();
    const seconds = (now - this.#lastAt) / 1_000;
    const cpuUs = Math.max(0, Math.round(usage.cpuUs - this.#last.cpuUs));
    const byteSeconds = Math.round(((this.#last.memoryBytes + usage.memoryBytes) / 2) * seconds);
    this.#last = { cpuUs: Math.max(usage.cpuUs, this.#last.cpuUs), memoryBytes: usage.memoryBytes };
    this.#lastAt = now;
    const ours = this.#kind === "run" ? Math.min(cpuUs, Math.round(platformUs)) : 0;
    this.#tell(null, this.#kind, ours, 0);
    this.#tell(this.#app, this.#kind, cpuUs - ours, byteSeconds);
  }

  /** It is given to the app: what it did up to now is what its start took, and its bind begins. */
  take(app: string, usage: Usage): void {
    this.sample(usage);
    this.#tell(null, "start", -this.#last.cpuUs, 0);
    this.#tell(app, "start", this.#last.cpuUs, 0);
    this.#app = app;
    this.#kind = "bind";
  }

  /** It is bound: what comes now are its functions. */
  run(usage: Usage): void {
    this.sample(usage);
    this.#kind = "run";
  }

  /** The machine ended just now: its memory was held until then. */
  close(cpuUs: number): void {
    this.sample({ cpuUs, memoryBytes: this.#last.memoryBytes });
  }

  #tell(app: string | null, kind: UsageEntry["kind"], cpuUs: number, byteSeconds: number): void {
    if (cpuUs === 0 && byteSeconds === 0) return;
    this.#sink.record({ app, machine: this.#machine, kind, cpuUs, byteSeconds, at: this.#clock.wall() });
  }
}
