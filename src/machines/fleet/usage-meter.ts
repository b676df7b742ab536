/** One machine's use of CPU and memory, cut into entries for the ledger. Everything up to the bind is the platform's. */
import type { Clock } from "../../clock/clock.ts";
import type { Usage } from "../driver.ts";
import type { UsageEntry, UsageSink } from "./fleet.ts";

export class UsageMeter {
  readonly #machine: string;
  readonly #clock: Clock;
  readonly #sink: UsageSink;
  #app: string | null = null;
  #kind: UsageEntry["kind"] = "bring-up";
  #requests = 0;
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

  sample(usage: Usage): void {
    const now = this.#clock.now();
    const seconds = (now - this.#lastAt) / 1_000;
    const cpuUs = Math.max(0, Math.round(usage.cpuUs - this.#last.cpuUs));
    const byteSeconds = Math.round(((this.#last.memoryBytes + usage.memoryBytes) / 2) * seconds);
    this.#last = { cpuUs: Math.max(usage.cpuUs, this.#last.cpuUs), memoryBytes: usage.memoryBytes };
    this.#lastAt = now;
    const requests = this.#requests;
    this.#requests = 0;
    if (cpuUs === 0 && byteSeconds === 0 && requests === 0) return;
    const at = this.#clock.wall();
    this.#sink.record({ app: this.#app, machine: this.#machine, kind: this.#kind, cpuUs, byteSeconds, requests, at });
  }

  /** What comes after this sample is of another kind, and for an app. */
  turnTo(kind: UsageEntry["kind"], app: string | null, usage: Usage): void {
    this.sample(usage);
    this.#kind = kind;
    this.#app = app;
  }

  countRequest(): void {
    this.#requests++;
  }

  /** The machine ended just now: its memory was held until then. */
  close(cpuUs: number): void {
    this.sample({ cpuUs, memoryBytes: this.#last.memoryBytes });
  }
}
