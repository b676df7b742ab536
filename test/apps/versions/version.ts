/** Replies slowly, so that a deploy happens while it runs. The test writes other numbers here. */
import { setTimeout as sleep } from "node:timers/promises";

export default {
  async fetch(): Promise<Response> {
    await sleep(20);
    return new Response("1");
  },
};
