/**
 * Looks after a bound machine: measures what it does, stops it while it has nothing to do, and finds out whether it still lives.
 *
 * Owns: the machine's nap, its pulse, and the meter of its load.
 */
import type { Clock } from "../base/clock/clock.ts";
import type { DriverTraits, Machine } from "../machines/driver.ts";
import type { MachineStats } from "../policy/policy.ts";
import type { HostEnd } from "../wire/host-end.ts";
import { LoadMeter } from "./load-meter.ts";
import { Nap } from "./nap.ts";
import { Pulse, type PulseOptions } from "./pulse.ts";
import type { UsageMeter } from "./usage-meter.ts";

const ANSWER_MS = 2_000;

export interface CareOptions {
  machine: Machine;
  end: HostEnd;
  meter: UsageMeter;
  clock: Clock;
  traits: DriverTraits;
  kernel: PulseOptions["kernel"];
  memoryMb: number;
  /** Milliseconds in which a silent machine must answer a ping, beside what its driver allows. Default 2,000. */
  answerMs: number | undefined;
  /** Changes with everything that passes between the machine and the host, outside of invocations. */
  traffic: () => number;
  /** Tells the machine the time, and resolves with its answer. It also gives up a machine that does not answer in time. */
  resume: () => Promise<unknown>;
  /** Called if the machine could not be stopped, or does not wake. */
  failed: (error: unknown) => void;
}

export class Care {
  readonly #machine: Machine;
  readonly #end: HostEnd;
  readonly #meter: UsageMeter;
  readonly #clock: Clock;
  readonly #load = new LoadMeter();
  readonly #nap: Nap;
  readonly #pulse: Pulse;

  constructor({ machine, end, meter, clock, traits, kernel, memoryMb, answerMs = ANSWER_MS, traffic, resume, failed }: CareOptions) {
    this.#machine = machine;
    this.#end = end;
    this.#meter = meter;
    this.#clock = clock;
    const now = () => clock.now();
    this.#pulse = new Pulse({ machine, end, memoryMb, now, boundMs: answerMs + traits.answerMs, kernel });
    this.#nap = new Nap({
      machine,
      end,
      traffic,
      now,
      resume,
      failed,
      // The app does not pay for the threads of the emulator or sandbox. It pays for everything else that its machine uses, also between
      // invocations.
      asleep: (cpuUs, ms) => meter.sample(machine.usage(), Math.min(cpuUs, traits.idleShare * ms * 1_000)),
      awake: (cpuUs) => meter.sample(machine.usage(), Math.min(cpuUs, traits.wakeUs)),
    });
  }

  get sleeps(): boolean {
    return this.#nap.sleeps;
  }

  /** Must be called before each invocation. */
  begins(): void {
    if (this.#load.rests) this.#load.begin(this.#machine.usage().cpuUs, this.#clock.now());
  }

  /** @param delayMs the delay of its event loop that the guest claims */
  hear(delayMs: number): void {
    this.#load.hear(delayMs, this.#clock.now());
  }

  /**
   * Undefined if the machine has done nothing lately. The usage that is read here is also given to the meter, so that a busy machine's
   * account is at most a second old.
   */
  report(): MachineStats | undefined {
    const now = this.#clock.now();
    if (!this.#load.isDue(now)) return undefined;
    const usage = this.#machine.usage();
    this.#meter.sample(usage);
    return this.#load.report(usage, this.#end.inFlight > 0, now);
  }

  /** The CPUs that the machine used on average in a rest that has not been reported yet; undefined if there is none. */
  takeRest(): number | undefined {
    return this.#load.takeRest(() => this.#machine.usage().cpuUs, this.#clock.now());
  }

  /** Must be called a few times a second. */
  look(): void {
    // A debugger that attaches, or sets a breakpoint, between two calls would wait for the next call.
    if (this.#machine.inspector === undefined) this.#nap.look();
  }

  /** Must be called about once a second. Returns why the machine must be given up; undefined if it lives, as far as can be told. */
  feel(): string | undefined {
    // If the machine is asleep and does not wake, its nap finds that out.
    return this.#nap.sleeps ? undefined : this.#pulse.feel();
  }

  /** Pings the machine. Resolves with why it must be given up, if it does not answer within `boundMs`. @param blocked a clause on what keeps it from answering */
  async checkAlive(boundMs: number, blocked: () => string): Promise<string | undefined> {
    if (this.#nap.sleeps) return undefined;
    const answered = this.#pulse.ping().then(() => true);
    const late = new Promise<false>((resolve) => void this.#clock.after(boundMs, () => resolve(false)));
    return (await Promise.race([answered, late])) ? undefined : this.#pulse.whySilent(blocked());
  }
}
