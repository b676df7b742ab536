/** Waits for ?ms= milliseconds, as for another service's answer, for example ?ms=50. */
import { setTimeout as sleep } from "node:timers/promises";

export default {
  async fetch(request: Request): Promise<Response> {
    await sleep(Number(new URL(request.url).searchParams.get("ms") ?? 50));
    return new Response("waited");
  },
};
