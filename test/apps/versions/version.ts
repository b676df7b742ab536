/** Replies slowly, so that a deploy takes place while it runs. The test replaces the version number. */
import { setTimeout as sleep } from "node:timers/promises";

export default {
  async fetch(): Promise<Response> {
    await sleep(20);
    return new Response("1");
  },
};
