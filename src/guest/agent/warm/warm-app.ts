/**
 * The app that answers mayfly:warm. It is real code in both forms and every style, so that a template's V8 has compiled, and an emulator
 * has translated, what a user's first invocation needs.
 * It must leave nothing behind that clones must not share, such as random bytes or UUIDs.
 */
const fetchSource = `
exports.default = {
  async fetch(request, env, ctx) {
    const url = new URL(request.url);
    const seen = request.headers.get("content-type") + request.headers.has("accept") + ctx.remainingMs() + url.searchParams.get("q") + request.signal.aborted;
    console.debug("warm %s", ctx.invocationId, { seen: seen.length });
    switch (url.pathname.split("/").pop()) {
      case "text": return new Response("warm");
      case "json": return Response.json({ method: request.method, body: request.method === "POST" ? await request.json() : null }, { headers: { "x-warm": "yes" } });
      case "headers": {
        const headers = new Headers({ "x-a": "1" });
        headers.append("x-a", "2");
        return new Response(JSON.stringify([...headers]), { status: 201, headers });
      }
      case "bytes": return new Response(new TextEncoder().encode(await request.text()));
      case "later": {
        ctx.waitUntil(new Promise((resolve) => setTimeout(resolve, 1)));
        await new Promise((resolve) => setTimeout(resolve, 1));
        return new Response("later", { headers: [["x-a", "b"]] });
      }
      case "stream": {
        let left = 3;
        return new Response(new ReadableStream({ pull(c) { left-- > 0 ? c.enqueue(new TextEncoder().encode("data: warm\\n\\n")) : c.close(); } }), { headers: { "content-type": "text/event-stream" } });
      }
      default: throw new Error("warm");
    }
  },
};
`;
const syncSource = `exports.default = { fetch: (request) => new Response("warm", { headers: { "content-type": request.method } }) };`;
const lambdaSource = `exports.handler = async (event, context) => ({ statusCode: 200, headers: { "x-id": context.awsRequestId }, cookies: ["a=b"], body: JSON.stringify({ path: event.rawPath, query: event.queryStringParameters, body: event.body ?? null }) });`;
const streamingSource = `exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  stream = awslambda.HttpResponseStream.from(stream, { statusCode: 200, headers: { "content-type": "text/plain" } });
  stream.write("warm ");
  stream.end(event.rawPath);
});`;

export const warmFunctions: Record<string, string> = {
  fetch: fetchSource,
  sync: syncSource,
  lambda: lambdaSource,
  streaming: streamingSource,
};

/** What the warm requests call in turn: a function, and the last part of the path. */
export const warmTurns: [string, string][] = [
  ["sync", ""],
  ["fetch", "text"],
  ["fetch", "json"],
  ["lambda", ""],
  ["fetch", "headers"],
  ["fetch", "bytes"],
  ["fetch", "later"],
  ["fetch", "stream"],
  ["streaming", ""],
];
