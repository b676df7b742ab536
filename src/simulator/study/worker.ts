/** The inside of a worker thread: a job in, what came of it out. */
import { parentPort } from "node:worker_threads";
import { type ErrorDetails, MayflyError } from "../../base/errors/error.ts";
import type { ErrorCode } from "../../base/errors/table.ts";
import { openLaboratory } from "../laboratory.ts";
import { type Job, type Run, runJob } from "./job.ts";
import { comparedPolicies } from "./policies.ts";

/** Errors of the table go as data: between threads they would lose what makes them one. Others end the worker. */
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
