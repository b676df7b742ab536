/** Puts work into a queue, and says nothing of traces. */
import type { Queue } from "mayfly/types";

export default {
  async fetch(
    request: Request,
    { JOBS, PAIRS }: { JOBS: Queue<string>; PAIRS: Queue<string> },
    { traceparent }: { traceparent: string },
  ): Promise<Response> {
    const isPair = new URL(request.url).searchParams.has("pair");
    await (isPair ? PAIRS : JOBS).send("a job");
    return new Response(traceparent);
  },
};
