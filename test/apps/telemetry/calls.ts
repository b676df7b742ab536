/** Calls another function of its app, and says nothing of traces. */
export default {
  async fetch(_request: Request, _env: unknown, { traceparent }: { traceparent: string }): Promise<Response> {
    const reply = await fetch("http://hello.mayfly.internal/");
    return Response.json({ own: traceparent, called: await reply.text() });
  },
};
