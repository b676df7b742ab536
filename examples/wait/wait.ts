/**
 * Stands for every function that waits for another service: 50 ms of I/O, almost no CPU. One machine serves hundreds at once.
 *
 * mayfly deploy examples/wait
 * mayfly invoke wait/wait --repeat 1000 --concurrency 100
 */
import { setTimeout as sleep } from "node:timers/promises";

export default {
  async fetch(): Promise<Response> {
    await sleep(50);
    return new Response("waited 50 ms\n");
  },
};
