/** Puts work into a queue, and says nothing of traces. */
import type { Queue } from "mayfly/types";

export default {
  async fetch(_request: Request, { JOBS }: { JOBS: Queue<string> }, { traceparent }: { traceparent: string }): Promise<Response> {
    await JOBS.send("a job");
    return new Response(traceparent);
  },
};
