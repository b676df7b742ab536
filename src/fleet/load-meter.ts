/**
 * Measures for the policy what a bound machine did lately: CPU and memory as the host counts them, and the delay of its event loop as the
 * guest reports it.
 *
 * 1. A report spans the time since the last report, or since the first invocation after a rest. If a rest were included, a busy machine
 *    would look idle; and the CPU that an emulated machine uses in hours of rest must not count for the next invocation.
 * 2. Two reports are at least half a second apart, however often they are asked for and whatever the guest sends.
 * 3. A guest's silence counts as delay, because a blocked event loop cannot report its delay.
 * 4. The CPU time of a rest is reported separately, once for each rest: at its end, or after ten seconds.
 */
import type { MachineStats } from "../policy/policy.ts";
import type { Usage } from "../machines/driver.ts";

const SHORTEST_SPAN_MS = 500;
/** How often a guest reports its delay, in milliseconds. If a report is late by the same time again, the guest's event loop is late. */
const TOLD_EVERY_MS = 1_000;
const LONGEST_DELAY_MS = 60_000;
const RESTING = -1;
/** Milliseconds. A shorter rest says too little about how much CPU a resting machine uses. A longer one is reported before it is over. */
const SHORTEST_REST_MS = 1_000;
const TOLD_REST_MS = 10_000;

export class LoadMeter {
  #cpuUs = 0;
  #since = RESTING;
  #heardAt = 0;
  #delayMs = 0;
  /** When the rest began that has not been reported yet; RESTING if there is none. */
  #restSince = RESTING;
  #restCpu: number | undefined;

  get rests(): boolean {
    return this.#since === RESTING;
  }

  /** Must be called at the first invocation after a rest. @param cpuUs what the machine has used so far */
  begin(cpuUs: number, now: number): void {
    this.#measureRest(cpuUs, now, SHORTEST_REST_MS);
    this.#restSince = RESTING;
    this.#cpuUs = cpuUs;
    this.#since = this.#heardAt = now;
    this.#delayMs = 0;
  }

  /** @param delayMs the delay that the guest claims, which may be any number */
  hear(delayMs: number, now: number): void {
    this.#heardAt = now;
    this.#delayMs = Number.isFinite(delayMs) ? Math.min(Math.max(0, delayMs), LONGEST_DELAY_MS) : 0;
  }

  isDue(now: number): boolean {
    return this.#since !== RESTING && now - this.#since >= SHORTEST_SPAN_MS;
  }

  /** Must be called only when a report is due. @param busy whether the machine still has invocations */
  report({ cpuUs, memoryBytes }: Usage, busy: boolean, now: number): MachineStats {
    const cpu = Math.max(0, cpuUs - this.#cpuUs) / 1_000 / (now - this.#since);
    this.#cpuUs = Math.max(this.#cpuUs, cpuUs);
    this.#since = busy ? now : RESTING;
    if (!busy) this.#restSince = now;
    return { cpu, memoryBytes, loopDelayMs: Math.max(this.#delayMs, busy ? this.#silence(now) : 0) };
  }

  /**
   * The CPUs used on average in a rest that has not been reported yet; undefined if there is none. @param cpuUs what the machine has used
   * so far
   */
  takeRest(cpuUs: () => number, now: number): number | undefined {
    if (this.rests && this.#restSince !== RESTING && now - this.#restSince >= TOLD_REST_MS) {
      this.#measureRest(cpuUs(), now, TOLD_REST_MS);
      this.#restSince = RESTING;
    }
    const cpu = this.#restCpu;
    this.#restCpu = undefined;
    return cpu;
  }

  #measureRest(cpuUs: number, now: number, leastMs: number): void {
    const ms = now - this.#restSince;
    if (this.#restSince !== RESTING && ms >= leastMs) this.#restCpu = Math.max(0, cpuUs - this.#cpuUs) / 1_000 / ms;
  }

  #silence(now: number): number {
    const late = now - this.#heardAt - TOLD_EVERY_MS;
    return late >= TOLD_EVERY_MS ? Math.min(late, LONGEST_DELAY_MS) : 0;
  }
}
