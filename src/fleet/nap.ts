/**
 * Stops a bound machine that has nothing to do, as blanks are stopped. The first thing that the host has to send to the machine wakes it:
 * an invocation, or a byte for one of its connections. decisions/idle-machines-are-stopped.md says why.
 *
 * 1. The machine falls asleep at a look that finds nothing in flight, and no frame to or from the machine since the look before.
 * 2. Frames for a sleeping machine are kept, and sent once it has answered a Resume. So the guest knows the time before it works, and a
 *    machine that does not wake has been sent nothing, so that its invocations can run elsewhere.
 * 3. A machine that is woken soon after it fell asleep takes longer to fall asleep the next time.
 */
import type { HostEnd } from "../wire/host-end.ts";
import type { Machine } from "../machines/driver.ts";

export interface NapOptions {
  machine: Machine;
  end: HostEnd;
  /** Changes with every frame to or from the machine that is not of an invocation, Stats excepted. */
  traffic: () => number;
  now: () => number;
  /** Tells the machine the time, and resolves with its answer. It also gives up a machine that does not answer in time. */
  resume: () => Promise<unknown>;
  /** Called if the machine could not be stopped, or does not wake. */
  failed: (error: unknown) => void;
  /** @param cpuUs the CPU time used since the look before, in which the machine had nothing to do @param ms the time since that look */
  asleep: (cpuUs: number, ms: number) => void;
  /** @param cpuUs the CPU time used from the end of the stop until the machine answered */
  awake: (cpuUs: number) => void;
}

/** Milliseconds. A shorter sleep saves hardly more CPU than stopping and waking cost. */
const SHORT_NAP_MS = 2_000;
const MOST_QUIET_LOOKS = 16;

export class Nap {
  readonly #options: NapOptions;
  #traffic = -1;
  #cpuUs = 0;
  #lookedAt = 0;
  #quiet = 0;
  /** The number of looks in a row without anything to do after which the machine falls asleep. */
  #needed = 1;
  #stopped: Promise<void> | null = null;
  #stoppedAt = 0;

  constructor(options: NapOptions) {
    this.#options = options;
  }

  /** Whether the machine is stopped, is being stopped, or is being woken. */
  get sleeps(): boolean {
    return this.#stopped !== null;
  }

  /** Must be called a few times a second. */
  look(): void {
    if (this.sleeps) return;
    const { machine, end, now } = this.#options;
    if (end.inFlight > 0) return this.#busy(-1);
    const traffic = this.#options.traffic();
    if (traffic !== this.#traffic) return this.#busy(traffic);
    this.#quiet += 1;
    if (this.#quiet >= this.#needed) this.#fallAsleep(now());
    else [this.#cpuUs, this.#lookedAt] = [machine.usage().cpuUs, now()];
  }

  #busy(traffic: number): void {
    this.#quiet = 0;
    this.#traffic = traffic;
    if (traffic < 0) return;
    this.#cpuUs = this.#options.machine.usage().cpuUs;
    this.#lookedAt = this.#options.now();
  }

  #fallAsleep(now: number): void {
    const { machine, end, asleep, failed } = this.#options;
    const ms = now - this.#lookedAt;
    const before = this.#cpuUs;
    this.#stoppedAt = now;
    end.hold(() => void this.#wake());
    this.#stopped = machine.stop().then(() => asleep(machine.usage().cpuUs - before, ms));
    this.#stopped.catch(failed);
  }

  async #wake(): Promise<void> {
    const { machine, end, now, resume, failed, awake } = this.#options;
    this.#needed = now() - this.#stoppedAt < SHORT_NAP_MS ? Math.min(2 * this.#needed, MOST_QUIET_LOOKS) : 1;
    try {
      await this.#stopped;
      const { cpuUs } = machine.usage();
      // Both are waited for together, because either may fail while the other goes on.
      await Promise.all([machine.cont(), resume()]);
      awake(machine.usage().cpuUs - cpuUs);
      this.#stopped = null;
      this.#traffic = -1;
      end.release();
    } catch (error) {
      failed(error);
    }
  }
}
