/**
 * Does jobs in worker threads, as many at once as there are processors: simulations compute for seconds and share nothing.
 * The first job that fails ends the whole.
 */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { MayflyError } from "../../errors/error.ts";
import type { Outcome } from "../simulator.ts";
import type { Job } from "./job.ts";
import type { Reply } from "./worker.ts";

export interface Pool {
  /** Outcomes in the order of the jobs. Not to be called again before it is done. */
  runAll(jobs: Job[]): Promise<Outcome[]>;
  close(): Promise<void>;
}

export function createPool(): Pool {
  const workers: Worker[] = [];
  return {
    async runAll(jobs) {
      while (workers.length < Math.min(availableParallelism(), jobs.length))
        workers.push(new Worker(new URL("worker.ts", import.meta.url)));
      const outcomes: Outcome[] = [];
      const queue = jobs.entries();
      await Promise.all(workers.map((worker) => work(worker, queue, outcomes)));
      return outcomes;
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

/** The queue is shared: each worker takes the next job when it is free. */
async function work(worker: Worker, queue: Iterator<[number, Job]>, outcomes: Outcome[]): Promise<void> {
  for (let next = queue.next(); next.done !== true; next = queue.next()) {
    const [at, job] = next.value;
    outcomes[at] = await ask(worker, job);
  }
}

function ask(worker: Worker, job: Job): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    worker.removeAllListeners();
    worker.once("message", (reply: Reply) => {
      if ("outcome" in reply) resolve(reply.outcome);
      else reject(new MayflyError(reply.code, reply.details));
    });
    worker.once("error", reject);
    worker.postMessage(job);
  });
}
