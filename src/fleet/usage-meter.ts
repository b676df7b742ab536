/**
 * One machine's use of CPU and memory, cut into entries for the ledger.
 *
 * 1. Until an app takes the machine, everything that it uses is billed to the platform. Then the CPU time of its start moves to that app,
 *    by a pair of entries that cancel each other out. The memory that the machine held while it had no app stays on the platform's bill.
 * 2. CPU time of a bound machine that the platform caused, for example by stopping and waking it, is billed to the platform.
 * 3. All entries together sum to what the driver counted.
 */
import type { Clock } from "../base/clock/clock.ts";
import type { Usage } from "../machines/driver.ts";
import type { UsageEntry, UsageSink } from "../store/ledger/usage.ts";

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

  /** The usage up to the last sample. */
  get usage(): Usage {
    return this.#last;
  }

  /** Must be called when the driver begins to start the machine. */
  begin(): void {
    this.#lastAt = this.#clock.now();
  }

  /** @param platformUs microseconds of the CPU time since the last sample that are billed to the platform; at most that CPU time is used */
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

  /** Must be called when the machine is given to an app: what it used up to now was its start, and its bind begins. */
  take(app: string, usage: Usage): void {
    this.sample(usage);
    this.#tell(null, "start", -this.#last.cpuUs, 0);
    this.#tell(app, "start", this.#last.cpuUs, 0);
    this.#app = app;
    this.#kind = "bind";
  }

  /** Must be called when the machine is bound: from now on its app's functions use it. */
  run(usage: Usage): void {
    this.sample(usage);
    this.#kind = "run";
  }

  /** Must be called when the machine has just ended, because it held its memory until now. */
  close(cpuUs: number): void {
    this.sample({ cpuUs, memoryBytes: this.#last.memoryBytes });
  }

  #tell(app: string | null, kind: UsageEntry["kind"], cpuUs: number, byteSeconds: number): void {
    if (cpuUs === 0 && byteSeconds === 0) return;
    this.#sink.record({ app, machine: this.#machine, kind, cpuUs, byteSeconds, at: this.#clock.wall() });
  }
}
