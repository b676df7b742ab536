/** The program of a worker thread: it gets jobs, and answers each with its run. */
import { parentPort } from "node:worker_threads";
import { type ErrorDetails, MayflyError } from "../../base/errors/error.ts";
import type { ErrorCode } from "../../base/errors/table.ts";
import { openLaboratory } from "../laboratory.ts";
import { type Job, type Run, runJob } from "./job.ts";
import { comparedPolicies } from "./policies.ts";

/** Errors of the table are sent as code and details, because an error loses its class between threads. Any other error ends the worker. */
export type Reply = { run: Run } | { code: ErrorCode; details: ErrorDetails };

const port = parentPort!;
const policies = comparedPolicies(await openLaboratory());

port.on("message", (job: Job) => port.postMessage(reply(job)));

function reply(job: Job): Reply {
  try {
    return { run: runJob(job, policies) };
  } catch (error) {
    if (error instanceof MayflyError) return { code: error.code, details: error.details };
    throw error;
  }
}
