/** Counts its calls and reports the time; ?do= names further work. */
import { setTimeout as sleep } from "node:timers/promises";

let calls = 0;

export default {
  async fetch(request: Request, _env: unknown, ctx: { waitUntil(promise: Promise<unknown>): void }): Promise<Response> {
    const deed = new URL(request.url).searchParams.get("do");
    if (deed === "later") ctx.waitUntil(sleep(1_500).then(() => console.log("done after the reply")));
    if (deed === "stream") return new Response(slowly(), { headers: { "content-type": "text/plain" } });
    return Response.json({ calls: ++calls, now: Date.now(), fine: performance.timeOrigin + performance.now() });
  },
};

/** Sends nothing for over a second between two chunks. */
function slowly(): ReadableStream<Uint8Array> {
  let left = 3;
  return new ReadableStream({
    async pull(controller) {
      await sleep(1_200);
      controller.enqueue(new TextEncoder().encode(`${left}`));
      if (--left === 0) controller.close();
    },
  });
}
