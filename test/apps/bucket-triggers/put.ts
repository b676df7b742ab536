/** Puts the request's text under the key that its path names after the function. */
import type { R2Bucket } from "mayfly/types";

export default {
  async fetch(request: Request, env: { FILES: R2Bucket }): Promise<Response> {
    const key = new URL(request.url).searchParams.get("key")!;
    await env.FILES.put(key, await request.text());
    return new Response("put");
  },
};
