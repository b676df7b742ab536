/**
 * Short links: POST an address, and call /kv/links/<id>, which leads there and counts.
 *
 * mayfly deploy examples/kv
 * curl -d https://example.com/a/long/address http://localhost:8080/kv/links
 * mayfly kv list kv links
 */
import type { KVNamespace } from "mayfly/types";

const WEEK_S = 604_800;

export default {
  async fetch(request: Request, { LINKS }: { LINKS: KVNamespace }): Promise<Response> {
    const id = new URL(request.url).pathname.split("/")[1] ?? "";
    if (request.method === "POST") return add(LINKS, await request.text());
    const address = await LINKS.get(`link/${id}`);
    if (address === null) return new Response("There is no such link.\n", { status: 404 });
    const clicks = await LINKS.increment(`clicks/${id}`);
    return new Response(null, { status: 302, headers: { location: address, "x-clicks": String(clicks) } });
  },
};

/** The link and its counter are made together, or not at all. `ifVersion: 0` refuses an id that somebody has already. */
async function add(links: KVNamespace, address: string): Promise<Response> {
  if (!URL.canParse(address)) return new Response("Send an address.\n", { status: 400 });
  const id = crypto.randomUUID().slice(0, 8);
  await links.batch([
    { put: `link/${id}`, value: address, metadata: { host: new URL(address).host }, expirationTtl: WEEK_S, ifVersion: 0 },
    { put: `clicks/${id}`, value: "0", expirationTtl: WEEK_S },
  ]);
  return Response.json({ id }, { status: 201 });
}
