/** Answers with what it was sent; below /hostile with what a page must not carry out, and below /put it keeps an object. */
import type { R2Bucket } from "mayfly/types";

const MARKUP = '<img src=x onerror="globalThis.taken = 1">';

export default {
  async fetch(request: Request, { FILES }: { FILES: R2Bucket }): Promise<Response> {
    const { pathname, search } = new URL(request.url);
    if (pathname === "/hostile") {
      const body = `${MARKUP} \u202Eesrever\u0000 ${"w".repeat(1_000_000)}`;
      return new Response(body, { status: 418, headers: { "x-hostile": MARKUP } });
    }
    if (pathname === "/put") await FILES.put(`in/${MARKUP}`, "four");
    console.log(`${pathname} was asked for`);
    const sent = await request.text();
    const [own, caller] = ["x-own", "x-mayfly-caller"].map((name) => request.headers.get(name));
    const answer = { method: request.method, path: pathname + search, own, caller, sent };
    return Response.json(answer, { status: 201, headers: { "x-answer": "yes" } });
  },
};
