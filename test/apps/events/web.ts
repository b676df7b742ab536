/** Tells what it got, or fails if the query asks for it. */
export default {
  async fetch(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    if (searchParams.has("fail")) return new Response("no", { status: 503 });
    return Response.json({ method: request.method, pathname, header: request.headers.get("x-own"), body: await request.text() });
  },
};
