// Passes a request on to the host's services as it is, and the reply back.
export default {
  async fetch(request: Request): Promise<Response> {
    const given = (await request.json()) as Record<string, never>;
    const { host = "kv.services.mayfly.internal", path, method = "GET", headers = {}, size } = given;
    const body: string | undefined = size === undefined ? given["body"] : "v".repeat(size);
    try {
      const reply = await fetch(`http://${host}${path}`, { method, headers, ...(body !== undefined && { body }) });
      return Response.json({ status: reply.status, headers: Object.fromEntries(reply.headers), body: await reply.text() });
    } catch (error) {
      return Response.json({ failed: String((error as Error).cause ?? error) });
    }
  },
};
