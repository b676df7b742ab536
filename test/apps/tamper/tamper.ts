/** Writes garbage to the agent's channel, as a hostile function could. */
import { writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

export default {
  async fetch(request: Request): Promise<Response> {
    if (!request.url.endsWith("?garbage")) return new Response("honest\n");
    writeSync(3, Buffer.alloc(64, 0xff));
    await sleep(5_000);
    return new Response("unreachable\n");
  },
};
