/**
 * Hashes large contents in a thread, so that MD5, which takes more than a second for a gigabyte, stops neither the event loop nor what comes in meanwhile.
 *
 * Owns: the thread, which is there from the first large content on. The process does not wait for it, unless something is being hashed.
 * 1. What has been handed over may be written again when update() has resolved.
 * 2. If the thread ends by itself, what is being hashed fails, and the next content has another thread.
 */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { guarded } from "../../../base/errors/guarded.ts";
import type { FromHashing, ToHashing } from "./hashing-thread.ts";

export interface RunningHashes {
  update(bytes: Uint8Array<SharedArrayBuffer>): Promise<void>;
  /** In the order of the algorithms. Called once, at the end, if drop() is not. */
  digests(): Promise<Buffer[]>;
  drop(): void;
}

export class Hashing {
  #thread: HashingThread | null = null;
  #last = 0;

  /** @param algorithms as node:crypto names them */
  start(algorithms: readonly string[]): RunningHashes {
    if (this.#thread === null || this.#thread.hasEnded) this.#thread = new HashingThread();
    const thread = this.#thread;
    const content = ++this.#last;
    thread.send({ content, what: "start", algorithms });
    return {
      async update(bytes) {
        await thread.ask({ content, what: "update", bytes });
      },
      async digests() {
        const { digests = [] } = await thread.ask({ content, what: "finish" });
        return digests.map((digest) => Buffer.from(digest));
      },
      drop: () => thread.send({ content, what: "drop" }),
    };
  }
}

class HashingThread {
  readonly #worker = new Worker(new URL("hashing-thread.ts", import.meta.url), { execArgv: [], env: {} });
  #waiting: { resolve: (answer: FromHashing) => void; reject: (error: unknown) => void }[] = [];
  hasEnded = false;

  constructor() {
    const isOver = (error: unknown) => this.#end(error);
    this.#worker.on(
      "message",
      guarded((answer: FromHashing) => this.#settle(answer), isOver),
    );
    // oxlint-disable-next-line mayfly/guarded-listeners -- it only rejects promises
    this.#worker.on("error", isOver);
    once(this.#worker, "exit").then(() => isOver(new Error("the thread that hashes has ended")), isOver);
    this.#worker.unref();
  }

  send(message: ToHashing): void {
    if (!this.hasEnded) this.#worker.postMessage(message, []);
  }

  ask(message: ToHashing): Promise<FromHashing> {
    if (this.hasEnded) return Promise.reject(new Error("the thread that hashes has ended"));
    const { promise, resolve, reject } = Promise.withResolvers<FromHashing>();
    this.#waiting.push({ resolve, reject });
    this.#worker.ref();
    this.send(message);
    return promise;
  }

  #settle(answer: FromHashing): void {
    this.#waiting.shift()?.resolve(answer);
    if (this.#waiting.length === 0) this.#worker.unref();
  }

  #end(error: unknown): void {
    this.hasEnded = true;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { reject } of waiting) reject(error);
  }
}
