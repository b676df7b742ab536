/**
 * Runs jobs in worker threads, as many at once as there are processors, because simulations compute for seconds and share nothing. The first job that
 * fails ends the whole run.
 */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { MayflyError } from "../../base/errors/error.ts";
import type { Job, Run } from "./job.ts";
import type { Reply } from "./worker.ts";

export interface Pool {
  /** Resolves with the runs in the order of the jobs. Must not be called again before that. */
  runAll(jobs: Job[]): Promise<Run[]>;
  close(): Promise<void>;
}

export function createPool(): Pool {
  const workers: Worker[] = [];
  return {
    async runAll(jobs) {
      while (workers.length < Math.min(availableParallelism(), jobs.length))
        workers.push(new Worker(new URL("worker.ts", import.meta.url)));
      const runs: Run[] = [];
      const queue = jobs.entries();
      await Promise.all(workers.map((worker) => work(worker, queue, runs)));
      return runs;
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

/** Gives jobs to a worker, one after the other. All workers share the queue: each takes the next job when it is free. */
async function work(worker: Worker, queue: Iterator<[number, Job]>, runs: Run[]): Promise<void> {
  for (let next = queue.next(); next.done !== true; next = queue.next()) {
    const [at, job] = next.value;
    runs[at] = await ask(worker, job);
  }
}

function ask(worker: Worker, job: Job): Promise<Run> {
  return new Promise((resolve, reject) => {
    worker.removeAllListeners();
    worker.once("message", (reply: Reply) => {
      if ("run" in reply) resolve(reply.run);
      else reject(new MayflyError(reply.code, reply.details));
    });
    worker.once("error", reject);
    worker.postMessage(job, []);
  });
}
