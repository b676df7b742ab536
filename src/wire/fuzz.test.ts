/**
 * Conversations of a sound guest, broken in every way that we could think of, against a real host end with open streams. Only frames that
 * the host end read before it gave the guest up are counted. The seed is printed; MAYFLY_SEED repeats a run, and MAYFLY_FUZZ_FRAMES changes
 * its length.
 */
import { test } from "node:test";
import assert from "node:assert/strict";
import { Duplex } from "node:stream";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { HostEnd, HostEndEvents, InvocationInput, RequestSink } from "./host-end.ts";
import { openHostEnd } from "./open-host-end.ts";
import { Random, seedOf } from "../base/testing/random.ts";
import { recordConversation, mutate, randomFrames } from "./testing/fuzz-input.ts";
import { requestHead } from "./testing/model-guest.ts";
import { INITIAL_CREDIT, Limit } from "./protocol.ts";

const seed = seedOf();
const framesToRead = Number(process.env.MAYFLY_FUZZ_FRAMES ?? 1_000_000);
const STREAMS = 12;

test(`the host end survives hostile guests (seed ${seed})`, { timeout: 120_000 }, async (context) => {
  const random = new Random(seed);
  const conversation = await recordConversation();
  const before = heldBytes();
  const seen = { framesRead: 0, framesMade: 0, guests: 0, violations: 0, reasons: new Set<string>() };
  while (seen.framesRead < framesToRead) {
    const input = random.chance(0.3) ? randomFrames(random) : mutate(conversation, random);
    const victim = new Victim();
    const read = victim.feed(input.bytes, random) / Math.max(1, input.bytes.length);
    victim.check();
    seen.framesRead += input.frames * read;
    seen.framesMade += input.frames;
    seen.guests += 1;
    if (victim.reason !== null) seen.reasons.add(victim.reason.replaceAll(/\d+/g, "N"));
    if (victim.violation) seen.violations += 1;
    victim.host.close();
    // Lets the host end do what it put off (egress, its flush).
    if (seen.guests % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await new Promise((resolve) => setImmediate(resolve));
  const grown = heldBytes() - before;
  context.diagnostic(
    `${Math.round(seen.framesRead)} of ${seen.framesMade} frames read, ${seen.guests} guests, ${seen.violations} violated`,
  );
  context.diagnostic([...seen.reasons].toSorted().join("; "));
  assert.ok(seen.violations > seen.guests / 10, "the input must break rules");
  assert.ok(seen.violations < seen.guests, "the input must also keep to them");
  assert.ok(seen.reasons.size > 20, "many rules must be tried");
  assert.ok(grown < 64 * 1_048_576, `${grown} bytes more are held after ${seen.guests} guests`);
});

test("no guest makes the host end hold more than its limits", async () => {
  const random = new Random(seed + 1);
  for (let guest = 0; guest < 300; guest += 1) {
    const victim = new Victim();
    let most = 0;
    const { bytes } = randomFrames(random);
    for (let at = 0; at < bytes.length; at += 1_000) {
      victim.feed(bytes.subarray(at, at + 1_000), random);
      most = Math.max(most, victim.bodyHeld);
    }
    assert.ok(most <= STREAMS * INITIAL_CREDIT, "more body than credit for it reached the sinks");
    victim.host.close();
  }
});

/** One host end with open streams, whose sinks check the order of their calls. */
class Victim {
  readonly host: HostEnd;
  readonly #channel = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
  reason: string | null = null;
  violation = false;
  bodyHeld = 0;

  constructor() {
    this.host = openHostEnd(this.#channel, this.#events());
    const waits = [
      this.host.resume(1, Buffer.alloc(64), "m", true),
      this.host.bind({ app: "a", revision: "v", functions: [], env: {}, memoryMb: 128, egress: true }, []),
      this.host.ping(),
    ];
    for (const wait of waits) wait.catch(() => {});
    for (let n = 0; n < STREAMS; n += 1) {
      const input: InvocationInput = n % 3 === 2 ? { kind: "event" } : requestHead.input;
      const stream = this.host.request({ ...requestHead, id: `i-${n}`, input }, null, n % 2 === 0, this.#strictSink());
      if (n === 3) stream.reset(1, "gone");
    }
  }

  /**
   * Feeds the bytes in chunks of random sizes, as `data` events. Nothing may be thrown. Returns how many bytes were read before the host
   * end gave the guest up.
   */
  feed(bytes: Buffer, random: Random): number {
    const most = random.pick([1, 40, 4_000]);
    let at = 0;
    while (at < bytes.length && this.reason === null) {
      const size = 1 + random.below(most);
      this.#channel.emit("data", bytes.subarray(at, at + size));
      at += size;
    }
    return Math.min(at, bytes.length);
  }

  check(): void {
    if (this.violation) assert.ok(this.reason !== null && this.reason.length > 0);
  }

  #events(): HostEndEvents {
    const alive = () => assert.equal(this.reason, null, "an event after dead");
    return {
      log: alive,
      stats: alive,
      connect: () => Promise.reject(new Error("refused")),
      resolve: () => Promise.resolve([]),
      dead: (reason, violation) => {
        alive();
        this.reason = reason;
        this.violation = violation;
      },
    };
  }

  #strictSink(): RequestSink {
    let state: "start" | "body" | "complete" | "closed" = "start";
    const move = (from: string[], to: typeof state) => {
      assert.equal(this.reason, null, "a sink was called after dead");
      assert.ok(from.includes(state), `${to} after ${state}`);
      state = to;
    };
    return {
      head: (status, headers, body, ended) => {
        move(["start"], ended ? "complete" : "body");
        assert.ok(status >= 200 && status <= 599 && headers.length <= 2 * Limit.headerPairs && headers.length % 2 === 0);
        this.bodyHeld += body.length;
      },
      data: (chunk) => {
        move(["body"], "body");
        this.bodyHeld += chunk.length;
      },
      end: () => move(["body"], "complete"),
      reset: () => move(["start", "body"], "complete"),
      closed: () => move(["start", "complete"], "closed"),
      drain: () => {},
    };
  }
}

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Bytes in use after a garbage collection; without it the figure would depend on when the last one ran. */
function heldBytes(): number {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
