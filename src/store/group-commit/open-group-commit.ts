import { once } from "node:events";
import { basename } from "node:path";
import { Worker } from "node:worker_threads";
import { guarded } from "../../base/errors/guarded.ts";
import { MayflyError } from "../../base/errors/error.ts";
import type { Answer, Asked, Failure } from "./batch.ts";
import type { ArgumentOf, Operations, ResultOf } from "./engine.ts";
import type { GroupCommit } from "./group-commit.ts";
import type { ThreadData } from "./thread.ts";

export interface GroupCommitOptions {
  file: string;
  /** Of a module that exports an `engine`. */
  module: URL;
  /** Called when the thread ends by itself, which is a defect or a lack of memory. What waited is refused; the next operation starts another thread. */
  onFailure: (error: unknown) => void;
  /**
   * Whether the operations only read: they see what was written before they were asked for, and share no transaction. The file must be there, and have been opened by what
   * writes it, which migrates it.
   */
  readsOnly?: boolean;
  /** How many operations may wait. */
  most?: number;
  /** How many bytes of arguments may wait. */
  mostBytes?: number;
}

const MOST = 20_000;
const MOST_BYTES = 128 * 2 ** 20;
/** The thread's heap, MB. What waits is outside of it or soon gone. */
const HEAP_MB = 256;

/** Rejects with "state-damaged", "state-newer", "disk-full" or "state-unusable" if the file cannot be opened. */
export async function openGroupCommit<O extends Operations>(options: GroupCommitOptions): Promise<GroupCommit<O>> {
  const first = await startThread(options);
  return new ThreadedCommit<O>(options, first);
}

/** A thread, and what wakes it. */
interface Started {
  thread: Worker;
  bell: Int32Array;
}

interface Waiting {
  bytes: number;
  resolve: (result: never) => void;
  reject: (error: unknown) => void;
}

class ThreadedCommit<O extends Operations> implements GroupCommit<O> {
  readonly #options: GroupCommitOptions;
  #thread: Worker | null = null;
  #bell: Int32Array = new Int32Array();
  #starting: Promise<void> | null = null;
  #closed: Promise<void> | null = null;
  /** Asked for in this turn of the event loop, not yet sent. */
  #outbox: Asked[] = [];
  #isSending = false;
  /** By their numbers. */
  readonly #waiting = new Map<number, Waiting>();
  #last = 0;
  #bytes = 0;

  constructor(options: GroupCommitOptions, started: Started) {
    this.#options = options;
    this.#use(started);
  }

  run<K extends keyof O & string>(operation: K, argument: ArgumentOf<O, K>, bytes = 0): Promise<ResultOf<O, K>> {
    if (this.#closed !== null) return Promise.reject(new MayflyError("shutting-down"));
    const { most = MOST, mostBytes = MOST_BYTES, file } = this.#options;
    const isFull = this.#waiting.size >= most || (this.#bytes > 0 && this.#bytes + bytes > mostBytes);
    // Callers are not told where the host keeps its files.
    if (isFull) return Promise.reject(new MayflyError("store-busy", { file: basename(file) }));
    const { promise, resolve, reject } = Promise.withResolvers<ResultOf<O, K>>();
    const number = ++this.#last;
    this.#waiting.set(number, { bytes, resolve, reject });
    this.#bytes += bytes;
    this.#outbox.push({ number, operation, argument });
    this.#sendSoon();
    return promise;
  }

  close(): Promise<void> {
    this.#closed ??= this.#end();
    return this.#closed;
  }

  async #end(): Promise<void> {
    await this.#starting;
    if (this.#thread === null && this.#outbox.length > 0) await this.#startAgain();
    this.#send();
    const thread = this.#thread;
    if (thread === null) return;
    const ended = once(thread, "exit");
    thread.ref();
    thread.postMessage("close", []);
    this.#ring();
    await ended;
  }

  /** What one turn of the event loop asks for is one message. */
  #sendSoon(): void {
    if (this.#isSending) return;
    this.#isSending = true;
    // oxlint-disable-next-line mayfly/guarded-listeners -- #send() catches what may fail, and hears of no peer
    setImmediate(() => this.#send());
  }

  #send(): void {
    this.#isSending = false;
    if (this.#outbox.length === 0) return;
    if (this.#thread === null) return void this.#startAgain();
    const batch = this.#outbox;
    this.#outbox = [];
    this.#thread.ref();
    try {
      this.#thread.postMessage(batch, []);
    } catch {
      // An argument that cannot be copied, for example because it is nested too deep. Only its own operation fails, which the thread does not know.
      this.#thread.postMessage(
        batch.map((asked) => (isCopied(asked) ? asked : { number: asked.number, operation: UNKNOWN, argument: null })),
        [],
      );
    }
    this.#ring();
  }

  /** The thread sleeps until somebody says that there is a message. */
  #ring(): void {
    Atomics.add(this.#bell, 0, 1);
    Atomics.notify(this.#bell, 0);
  }

  async #startAgain(): Promise<void> {
    if (this.#starting !== null) return;
    this.#starting = startThread(this.#options).then(
      (started) => this.#use(started),
      (error: unknown) => this.#refuseAll(error),
    );
    await this.#starting;
    this.#starting = null;
    this.#send();
  }

  #use({ thread, bell }: Started): void {
    this.#thread = thread;
    this.#bell = bell;
    const isOver = (error: unknown) => this.#lost(thread, error);
    thread.on(
      "message",
      guarded((answers: Answer[]) => this.#settle(answers), isOver),
    );
    // oxlint-disable-next-line mayfly/guarded-listeners -- it only rejects promises and tells of the failure
    thread.on("error", isOver);
    // oxlint-disable-next-line mayfly/guarded-listeners -- as the one before
    thread.on("exit", () => isOver(new Error("the thread has ended")));
    thread.unref();
  }

  #lost(thread: Worker, error: unknown): void {
    if (this.#thread !== thread) return;
    this.#thread = null;
    if (this.#closed !== null && this.#waiting.size === 0) return;
    this.#refuseAll(error);
    this.#options.onFailure(error);
  }

  #settle(answers: Answer[]): void {
    for (const answer of answers) {
      const asked = this.#waiting.get(answer.number);
      if (asked === undefined) continue;
      this.#waiting.delete(answer.number);
      this.#bytes -= asked.bytes;
      if ("result" in answer) asked.resolve(answer.result as never);
      else asked.reject(new MayflyError(answer.code, answer.details));
    }
    // A server with nothing to store may end.
    // Whoever closes waits for the thread's end, for which it writes its log into the file.
    if (this.#waiting.size === 0 && this.#closed === null) this.#thread?.unref();
  }

  #refuseAll(error: unknown): void {
    const refused = [...this.#waiting.values()];
    this.#waiting.clear();
    this.#outbox = [];
    this.#bytes = 0;
    for (const { reject } of refused) reject(error);
  }
}

/** The operation that there is in no engine. */
const UNKNOWN = "";

function isCopied(asked: Asked): boolean {
  try {
    structuredClone(asked);
    return true;
  } catch {
    return false;
  }
}

async function startThread({ file, module, readsOnly = false }: GroupCommitOptions): Promise<Started> {
  const bell = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const workerData: ThreadData = { file, module: module.href, readsOnly, bell };
  const thread = new Worker(new URL("thread.ts", import.meta.url), {
    workerData,
    execArgv: [],
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
  });
  const [answer] = (await once(thread, "message")) as ["open" | Failure];
  if (answer === "open") return { thread, bell };
  throw new MayflyError(answer.code, answer.details);
}
