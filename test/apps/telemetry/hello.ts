/** Answers with the trace that it was given. */
export default {
  fetch(_request: Request, _env: unknown, { traceparent }: { traceparent: string }): Response {
    console.log(`said hello in ${traceparent}`);
    return new Response(traceparent);
  },
};
