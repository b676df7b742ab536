/** Waits, then computes: ?wait=50&spin=1 */
import { setTimeout as sleep } from "node:timers/promises";
import { spin } from "./spin.ts";

export default {
  async fetch(request: Request): Promise<Response> {
    const { searchParams } = new URL(request.url);
    await sleep(Number(searchParams.get("wait") ?? 50));
    spin(Number(searchParams.get("spin") ?? 1));
    return new Response("mixed");
  },
};
