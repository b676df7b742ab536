import type { Command, Refused, Reply } from "../../services/kv/redis/commands.ts";

export interface Watched {
  key: Uint8Array;
  version: number;
}

const MOST_WATCHED = 1_000;

/** The commands of a connection between MULTI and EXEC, and the keys that it watches. */
export class Transaction {
  #queued: Command[] | null = null;
  #watched: Watched[] = [];
  #isRefused = false;
  #arguments = 0;

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

  open(): Reply {
    if (this.isOpen) return { error: "ERR MULTI calls can not be nested" };
    this.#queued = [];
    return { status: "OK" };
  }

  add(command: Command): Reply {
    this.#queued?.push(command);
    this.#arguments += command.args.length;
    return { status: "QUEUED" };
  }

  /** The transaction is not carried out any more. */
  refuse(why: Reply): Reply {
    this.#isRefused = true;
    return why;
  }

  discard(): Reply | Refused {
    if (!this.isOpen) return { error: "ERR DISCARD without MULTI" };
    this.take();
    return { status: "OK" };
  }

  watch(keys: readonly Watched[]): Reply {
    if (this.#watched.length + keys.length > MOST_WATCHED) return { error: `ERR a connection may watch at most ${MOST_WATCHED} keys` };
    this.#watched.push(...keys);
    return { status: "OK" };
  }

  unwatch(): void {
    this.#watched = [];
  }

  /** Ends it. */
  take(): { queued: Command[]; watched: Watched[]; isRefused: boolean } {
    const taken = { queued: this.#queued ?? [], watched: this.#watched, isRefused: this.#isRefused };
    this.#queued = null;
    this.#watched = [];
    this.#isRefused = false;
    this.#arguments = 0;
    return taken;
  }
}
