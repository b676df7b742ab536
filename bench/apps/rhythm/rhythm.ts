/** Waits ?wait= ms as for a database, then computes for ?spin= ms. Holds 64 MB, as an app with some libraries and a cache does. */
const held = Buffer.alloc(64 * 1_048_576);
for (let page = 0; page < held.length; page += 4_096) held[page] = 1;

export default {
  async fetch(request: Request): Promise<Response> {
    const query = new URL(request.url).searchParams;
    await new Promise((resolve) => setTimeout(resolve, Number(query.get("wait"))));
    for (const until = performance.now() + Number(query.get("spin")); performance.now() < until;);
    return new Response(`held ${held.length}\n`);
  },
};
