/**
 * Misbehaves on demand, to show how the platform reacts: ?do=throw|reject|spin|leak|flood|exit.
 *
 * mayfly deploy examples/misbehave
 * mayfly invoke misbehave/misbehave?do=throw
 * mayfly logs misbehave
 */
import { setTimeout as sleep } from "node:timers/promises";

const deeds: Record<string, () => Response | Promise<Response>> = {
  throw() {
    throw new Error("thrown on demand");
  },

  /** The rejection is not handled; the reply itself is fine. */
  async reject() {
    void Promise.reject(new Error("rejected on demand"));
    await sleep(10);
    return new Response("left a rejection behind\n");
  },

  /** Blocks the event loop forever, so the machine's other invocations wait as well. */
  spin() {
    for (;;);
  },

  /** Buffers lie outside V8's heap, so the machine's own memory runs out. */
  async leak() {
    const kept: Buffer[] = [];
    for (;;) {
      kept.push(Buffer.alloc(16 * 1024 * 1024, 1));
      await sleep(1);
    }
  },

  /** Prints twelve megabytes at once; the host keeps the beginning and reports how many lines it dropped. */
  flood() {
    for (let line = 0; line < 1_500; line++) console.log(`line ${line} of a flood ${"~".repeat(8_000)}`);
    return new Response("flooded\n");
  },

  exit() {
    process.exit(7);
  },
};

export default {
  async fetch(request: Request): Promise<Response> {
    const deed = deeds[new URL(request.url).searchParams.get("do") ?? ""];
    return deed ? await deed() : new Response("behaved\n");
  },
};
