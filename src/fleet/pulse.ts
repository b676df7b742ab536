/**
 * Finds out whether a bound machine with invocations still lives. A machine that has been silent for a while is pinged, and given up if it
 * can be told apart from one that only computes. A busy agent reports its figures once a second, so silence means a blocked event loop, or
 * worse.
 *
 * 1. A missing answer proves nothing, because an app may compute in `for (;;)` until its time is up. A machine that uses CPU is left alone.
 * 2. A guest or sandbox has a kernel of its own, which always uses a little CPU. A machine of this kind that twice in a row used none is
 *    dead or was stopped by somebody else. A bare process may wait without using CPU, so it is left alone.
 * 3. OSv without free memory loops for ever. A machine on OSv that has all of its memory in use and does not answer is given up.
 * 4. At most one Ping is under way.
 */
import type { HostEnd } from "../wire/host-end.ts";
import type { Machine } from "../machines/driver.ts";

export interface PulseOptions {
  machine: Machine;
  end: HostEnd;
  memoryMb: number;
  now: () => number;
  /** Milliseconds within which the machine has to answer. */
  boundMs: number;
  kernel: "none" | "osv" | "other";
}

const SILENCE_MS = 3_000;
/** Microseconds. A machine that uses less CPU time than this while it is pinged does nothing. */
const NO_CPU_US = 100;
const NO_CPU_TURNS = 2;
/** The part of a machine's memory that counts as all of it: a clone never writes to all pages that it shares with its template. */
const ALL_MEMORY = 0.8;
/**
 * The part of a machine's memory from which V8 may be near its limit. V8 reaches its limit at about two thirds, because the rest is Node's,
 * the kernel's, or shared with the template.
 */
const MUCH_MEMORY = 0.5;
const MB = 1_048_576;

export const NO_MEMORY = "it does not answer, and all of its memory is in use: it is likely out of memory";
/** Only the host can say this: while the app's code does not return, V8 runs no code of the agent. */
const NEAR_LIMIT =
  ". If it allocates in its loop, V8 is near its limit and spends the time on collecting garbage: keep less, or raise memoryMb";
export const NO_LIFE = "it neither answers nor uses any CPU";

export class Pulse {
  readonly #options: PulseOptions;
  #heard = -1;
  #silentSince = 0;
  /** When the machine was pinged or last looked at in the present silence, and its CPU time then. */
  #asked: { at: number; cpuUs: number } | null = null;
  #still = 0;
  #pong: Promise<void> | null = null;

  constructor(options: PulseOptions) {
    this.#options = options;
  }

  /** Must be called about once a second. Returns why the machine must be given up; undefined if it lives, as far as can be told. */
  feel(): string | undefined {
    const { end, machine, now } = this.#options;
    if (end.inFlight === 0 || end.heard !== this.#heard) return this.#alive();
    if (now() - this.#silentSince < SILENCE_MS) return undefined;
    const { cpuUs, memoryBytes } = machine.usage();
    if (this.#asked === null) return this.#ask(cpuUs);
    if (now() - this.#asked.at < this.#options.boundMs) return undefined;
    if (this.#isFull(memoryBytes)) return NO_MEMORY;
    this.#still = cpuUs - this.#asked.cpuUs < NO_CPU_US ? this.#still + 1 : 0;
    this.#asked = { at: now(), cpuUs };
    return this.#still >= NO_CPU_TURNS && this.#options.kernel !== "none" ? NO_LIFE : undefined;
  }

  /** Resolves when the machine answers, and also when the channel is over, which is reported elsewhere. */
  ping(): Promise<void> {
    const over = () => void (this.#pong = null);
    this.#pong ??= this.#options.end.ping().then(over, over);
    return this.#pong;
  }

  /** Why the machine is silent, for the app's log. @param blocked a clause on the invocation that keeps it from answering */
  whySilent(blocked: string): string {
    const { memoryBytes } = this.#options.machine.usage();
    if (this.#isFull(memoryBytes)) return NO_MEMORY;
    const { memoryMb } = this.#options;
    const heldMb = Math.round(memoryBytes / MB);
    const hint = heldMb >= MUCH_MEMORY * memoryMb ? NEAR_LIMIT : "";
    return `${blocked}; its machine holds ${heldMb} MB of its ${memoryMb} MB of memory${hint}`;
  }

  #alive(): undefined {
    this.#heard = this.#options.end.heard;
    this.#silentSince = this.#options.now();
    this.#asked = null;
    this.#still = 0;
  }

  #ask(cpuUs: number): undefined {
    this.#asked = { at: this.#options.now(), cpuUs };
    void this.ping();
  }

  #isFull(memoryBytes: number): boolean {
    return this.#options.kernel === "osv" && memoryBytes >= ALL_MEMORY * this.#options.memoryMb * MB;
  }
}
