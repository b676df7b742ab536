/**
 * A function that calls another one of its app by name, without leaving the host and without a network.
 *
 *     mayfly deploy examples/calls
 *     curl 'http://127.0.0.1:8080/calls/page?name=Ada'
 *
 * Then change the greeting, and let one call of ten have the new one. Both functions of a call are always of the same revision:
 *
 *     mayfly deploy examples/calls --canary 10 --for 1m
 *     mayfly versions calls
 *     mayfly rollback calls
 *     curl 'http://127.0.0.1:8080/calls@2/page?name=Ada'
 */
export default {
  async fetch(request: Request): Promise<Response> {
    const { search } = new URL(request.url);
    const greeting = await fetch(`http://greeting.mayfly.internal/${search}`);
    return new Response(`<h1>${await greeting.text()}</h1>\n`, { headers: { "content-type": "text/html; charset=utf-8" } });
  },
};
