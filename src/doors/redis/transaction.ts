import type { Command, Refused, Reply } from "../../services/kv/redis/commands.ts";

export interface Watched {
  key: Uint8Array;
  version: number;
}

const MOST_WATCHED = 1_000;
/** Of a command or a watched key besides its bytes, about. */
const OVERHEAD = 200;

/** The commands of a connection between MULTI and EXEC, and the keys that it watches. */
export class Transaction {
  #queued: Command[] | null = null;
  #watched: Watched[] = [];
  #isRefused = false;
  #arguments = 0;
  #queuedBytes = 0;
  #watchedBytes = 0;

  get isOpen(): boolean {
    return this.#queued !== null;
  }

  /** Commands that wait. */
  get length(): number {
    return this.#queued?.length ?? 0;
  }

  get arguments(): number {
    return this.#arguments;
  }

  /** What the commands and the watched keys hold of memory, about. */
  get bytes(): number {
    return this.#queuedBytes + this.#watchedBytes;
  }

  open(): Reply {
    if (this.isOpen) return { error: "ERR MULTI calls can not be nested" };
    this.#queued = [];
    return { status: "OK" };
  }

  add(command: Command): Reply {
    if (this.#isRefused) return { status: "QUEUED" };
    this.#queued?.push(command);
    this.#arguments += command.args.length;
    this.#queuedBytes += OVERHEAD + command.args.reduce((sum, { length }) => sum + OVERHEAD + length, 0);
    return { status: "QUEUED" };
  }

  /** The transaction is not carried out any more, and what it had is let go of. */
  refuse(why: Reply): Reply {
    this.#isRefused = true;
    if (this.#queued !== null) this.#queued = [];
    this.#queuedBytes = 0;
    return why;
  }

  discard(): Reply | Refused {
    if (!this.isOpen) return { error: "ERR DISCARD without MULTI" };
    this.take();
    return { status: "OK" };
  }

  watch(keys: readonly Watched[]): Reply {
    if (this.#watched.length + keys.length > MOST_WATCHED) return { error: `ERR a connection may watch at most ${MOST_WATCHED} keys` };
    // A key is a part of the memory of its whole request, which would stay with it.
    this.#watched.push(...keys.map(({ key, version }) => ({ key: Uint8Array.from(key), version })));
    this.#watchedBytes += keys.reduce((sum, { key }) => sum + OVERHEAD + key.length, 0);
    return { status: "OK" };
  }

  unwatch(): void {
    this.#watched = [];
    this.#watchedBytes = 0;
  }

  /** Ends it. */
  take(): { queued: Command[]; watched: Watched[]; isRefused: boolean } {
    const taken = { queued: this.#queued ?? [], watched: this.#watched, isRefused: this.#isRefused };
    this.#queued = null;
    this.#watched = [];
    this.#isRefused = false;
    this.#arguments = this.#queuedBytes = this.#watchedBytes = 0;
    return taken;
  }
}
