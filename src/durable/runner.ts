/**
 * Calls the functions of executions when something of them is due.
 *
 * Owns: which executions are to be called, by lanes, and those that are being called.
 * 1. Lanes take turns, and each has at most `ofLane` calls at the same time: one slow function does not hold up others.
 * 2. An execution that waits for time, a callback or a callee has a row on the disk, and nothing here.
 * 3. The end of a call is stored; while the disk is full, it is tried again. What ran when the server died is called again at the next start.
 */
import { untilStored } from "../store/group-commit/until-stored.ts";
import type { Clock } from "../base/clock/clock.ts";
import type { GroupCommit } from "../store/group-commit/group-commit.ts";
import type { Invoker } from "./invoker.ts";
import type { ExecutionOperations } from "./store/engine.ts";
import type { Effects, Wake } from "./store/life.ts";
import type { Begun } from "./store/run.ts";

export interface RunnerOptions {
  commit: GroupCommit<ExecutionOperations>;
  invoker: () => Invoker;
  clock: Clock;
  /** A secret of 32 bytes, in base64. */
  newToken: () => string;
  /** Calls of all lanes at the same time, and of one. */
  most: number;
  ofLane: number;
  /** Of the operations that the function gets with its call, in bytes; it fetches the others. */
  pageBytes: number;
  /** Called with the ids of executions that have ended. */
  onEnded: (id: string) => void;
  /** Called when something could not be stored or read, and is tried again. */
  onFailure: (error: unknown) => void;
}

const STORE_AGAIN_MS = 1_000;
/** A timer cannot wait for as long as an execution can. */
const MOST_WAIT_MS = 60_000;
/** Of the operations that a function gets with its call. */
const PAGE = 1_000;

interface Lane {
  readonly name: string;
  readonly wanted: Set<number>;
  running: number;
  isQueued: boolean;
}

export class Runner {
  readonly #options: RunnerOptions;
  readonly #lanes = new Map<string, Lane>();
  readonly #calling = new Set<number>();
  /** Lanes with something to do, in turn. */
  #turns: Lane[] = [];
  #closed = false;
  #hasMore = false;
  /** Wall clock, ms, of the timer. */
  #ripensAt = Infinity;
  #cancelTimer: () => void = () => {};
  #idle: (() => void)[] = [];

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  /** Begins with what an earlier server left. */
  async start(): Promise<void> {
    await this.#options.commit.run("recover", { now: this.#options.clock.wall() });
    await this.#ripen();
  }

  /** Takes up what an operation of the engine has set going. */
  take({ wake, ended, dueAt }: Effects): void {
    for (const each of wake) this.#want(each);
    for (const id of ended) this.#options.onEnded(id);
    if (dueAt !== null) this.#ripenAt(dueAt);
    this.#pump();
  }

  get calling(): number {
    return this.#calling.size;
  }

  /** Calls nothing more. Resolves when nothing is being called. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelTimer();
    if (this.#calling.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #want({ seq, lane: name }: Wake): void {
    let lane = this.#lanes.get(name);
    if (lane === undefined) this.#lanes.set(name, (lane = { name, wanted: new Set(), running: 0, isQueued: false }));
    lane.wanted.add(seq);
    this.#queue(lane);
  }

  #queue(lane: Lane): void {
    if (lane.isQueued || lane.wanted.size === 0 || lane.running >= this.#options.ofLane) return;
    lane.isQueued = true;
    this.#turns.push(lane);
  }

  #pump(): void {
    while (!this.#closed && this.#turns.length > 0 && this.#calling.size < this.#options.most) {
      const lane = this.#turns.shift()!;
      lane.isQueued = false;
      const [seq] = lane.wanted;
      if (seq === undefined) continue;
      lane.wanted.delete(seq);
      if (!this.#calling.has(seq)) void this.#call(lane, seq);
      this.#queue(lane);
    }
  }

  async #call(lane: Lane, seq: number): Promise<void> {
    this.#calling.add(seq);
    lane.running += 1;
    try {
      await this.#invoke(seq);
    } catch (error) {
      this.#options.onFailure(error);
      this.#ripenAt(this.#options.clock.wall() + STORE_AGAIN_MS);
    }
    this.#calling.delete(seq);
    lane.running -= 1;
    if (lane.running === 0 && lane.wanted.size === 0) this.#lanes.delete(lane.name);
    else this.#queue(lane);
    if (this.#calling.size === 0 && this.#closed) for (const resolve of this.#idle.splice(0)) resolve();
    this.#pump();
    if (this.#hasMore && this.#turns.length === 0) this.#ripenAt(this.#options.clock.wall());
  }

  async #invoke(seq: number): Promise<void> {
    const { commit, clock, newToken, pageBytes } = this.#options;
    const token = newToken();
    const begun = await commit.run("begin", { seq, token, bytes: pageBytes, most: PAGE, now: clock.wall() });
    if (begun === null) return;
    const { requestId, outcome } = await this.#outcome(begun, token);
    const { invocation } = begun.execution;
    const effects = await this.#store(() => commit.run("invoked", { seq, invocation, requestId, outcome, now: clock.wall() }));
    // The call is over for the lane before what follows from it is taken up.
    if (effects !== undefined) setImmediate(() => this.take(effects));
  }

  async #outcome(begun: Begun, token: string): Promise<Awaited<ReturnType<Invoker["invoke"]>>> {
    try {
      return await this.#options.invoker().invoke(begun, token);
    } catch (error) {
      this.#options.onFailure(error);
      return { requestId: "", outcome: { kind: "refused" } };
    }
  }

  /** Until it is stored, or the server ends: then the function is called again at the next start. */
  #store<T>(work: () => Promise<T>): Promise<T | undefined> {
    const { clock, onFailure } = this.#options;
    return untilStored(work, { clock, isClosed: () => this.#closed, onFailure: (error) => onFailure(error) });
  }

  #ripenAt(at: number): void {
    if (at >= this.#ripensAt || this.#closed) return;
    this.#cancelTimer();
    this.#ripensAt = at;
    const wait = Math.max(0, Math.min(MOST_WAIT_MS, at - this.#options.clock.wall()));
    this.#cancelTimer = this.#options.clock.after(wait, () => void this.#ripen());
  }

  async #ripen(): Promise<void> {
    this.#ripensAt = Infinity;
    try {
      const { effects, nextAt, hasMore } = await this.#options.commit.run("ripen", { now: this.#options.clock.wall() });
      this.#hasMore = hasMore;
      this.take(effects);
      if (nextAt !== null) this.#ripenAt(nextAt);
    } catch (error) {
      this.#options.onFailure(error);
      this.#ripenAt(this.#options.clock.wall() + STORE_AGAIN_MS);
    }
  }
}
