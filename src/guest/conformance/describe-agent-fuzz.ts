/**
 * What an agent does with a host that is out of its mind. It is trusted not to be, so an agent may end its machine; but then it says why. It
 * neither hangs nor sends what no sound host would expect.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { until } from "../../base/clock/until.ts";
import { Random, seedOf } from "../../base/testing/random.ts";
import { FrameReader } from "../../wire/frame-reader.ts";
import { fromGuest, fromHost, nameOf } from "../../wire/frame-rules.ts";
import { Flag, FrameType } from "../../wire/protocol.ts";
import type { AgentAdapter } from "./adapter.ts";
import { broken, hostConversation, ping, reset, withMoreAfterEnds, withStreamOpenedTwice } from "./testing/host-conversation.ts";

const AT_ONCE = 3;

interface Outcome {
  /** The process's status. */
  status: number | null;
  /** What it wrote to its console. */
  console: string;
}

export function describeAgentFuzz(adapter: AgentAdapter, cases: number): void {
  const seed = seedOf();

  test(`agent ${adapter.name}: a sound host is served to the end`, async () => {
    assert.deepEqual(await feed(adapter, Buffer.concat(hostConversation(adapter))), { status: 0, console: "" });
  });

  test(`agent ${adapter.name}: what comes on a stream behind its end is ignored`, async () => {
    const conversation = withMoreAfterEnds(hostConversation(adapter));
    assert.deepEqual(await feed(adapter, Buffer.concat(conversation)), { status: 0, console: "" });
  });

  for (const by of ["Bind", "Request"] as const)
    test(`agent ${adapter.name}: leaves a host that opens by a ${by} a stream which is open, and says so`, async () => {
      const { status, console } = await feed(adapter, Buffer.concat(withStreamOpenedTwice(adapter, by)));
      assert.match(`${status} ${console}`, /^1 mayfly agent: .*stream 101, which is open/s);
    });

  test(`agent ${adapter.name}: ${cases} broken hosts are ignored or left with a reason (seed ${seed})`, async (t) => {
    const random = new Random(seed);
    const conversation = hostConversation(adapter);
    const inputs = Array.from({ length: cases }, () => broken(conversation, random));
    const reasons = new Map<string, number>();
    const work = async () => {
      for (let input = inputs.pop(); input !== undefined; input = inputs.pop()) {
        const { status, console } = await feed(adapter, input);
        const reason = status === 0 ? "ignored" : console.split("\n")[0]!.replaceAll(/\d+/g, "N");
        if (status !== 0) assert.match(`${status} ${console}`, /^1 mayfly agent: ./);
        reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    t.diagnostic([...reasons].map(([reason, count]) => `${count} × ${reason}`).join("; "));
    assert.ok(reasons.size > 2, "several faults must be tried");
  });
}

/** Starts an agent for one input. Rejects if it hangs, or sends what it may not send. */
async function feed(adapter: AgentAdapter, input: Buffer): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-fuzz-"));
  const { child, channel } = await adapter.start(join(folder, "task"), "pipe");
  // Not "exit", after which some of what it wrote may still be on its way.
  const exited = once(child, "close");
  let console = "";
  child.stderr!.on("data", (chunk: Buffer) => (console += chunk.toString()));
  channel.on("error", () => undefined); // it may end while the input is being written
  const sent = new Sent(input);
  const wrong = watch(channel, sent);
  const isOver = () => child.exitCode !== null || child.signalCode !== null || wrong() !== null;
  channel.write(input);
  try {
    if (sent.isWhole) {
      // An agent that goes on must close what it is asked to.
      channel.write(Buffer.concat([...sent.requests.keys()].map(reset)));
      channel.write(sent.ping("the last"));
      await until(() => isOver() || (sent.pings.length === 0 && sent.openRequests() === 0), {
        what: "the end of all streams",
        everyMs: 10,
      }).catch((error: Error) => {
        throw new Error(`${error.message}; left are ${sent.left()}, of ${input.toString("base64")}`, { cause: error });
      });
    }
    // An agent that sees a header which no host may send leaves by itself.
    if (!sent.isViolation) channel.end();
    await until(isOver, { what: "the agent's end", everyMs: 10 });
    assert.equal(wrong(), null);
    const [status] = (await exited) as [number | null];
    if (sent.isViolation) assert.equal(status, 1);
    return { status, console };
  } finally {
    child.kill("SIGKILL");
    await exited;
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What the host sent, as far as it was sound, less what the agent has answered. */
class Sent {
  /** Unanswered ones, in their order. */
  readonly pings: string[] = [];
  readonly requests = new Map<number, number>();
  readonly #binds = new Map<number, number>();
  #resumes = 0;
  readonly isViolation: boolean;
  /** Whether all of it can be read. */
  readonly isWhole: boolean;

  constructor(input: Buffer) {
    const reader = new FrameReader(fromHost, (type, _flags, stream, payload) => {
      if (type === FrameType.Ping) this.pings.push(payload.toString("latin1"));
      if (type === FrameType.Resume) this.#resumes += 1;
      if (type === FrameType.Request) count(this.requests, stream, 1);
      if (type === FrameType.Bind) count(this.#binds, stream, 1);
    });
    this.isViolation = reader.push(input) !== null;
    this.isWhole = !this.isViolation && reader.buffered === 0;
  }

  ping(word: string): Buffer {
    this.pings.push(word);
    return ping(word);
  }

  /** Streams without an end, and pings without an answer. */
  left(): string {
    return JSON.stringify([[...this.requests].filter(([, open]) => open > 0), this.pings]);
  }

  openRequests(): number {
    return [...this.requests.values()].filter((open) => open > 0).length;
  }

  /** What is wrong with an answer, or null. */
  answered(type: number, flags: number, stream: number, payload: Buffer): string | null {
    const isAllowed = () => {
      switch (type) {
        case FrameType.Hello:
        case FrameType.Stats:
          return true;
        case FrameType.Ready:
          return this.#resumes-- > 0;
        case FrameType.Pong:
          return this.pings.shift() === payload.toString("latin1");
        case FrameType.Bound:
          return count(this.#binds, stream, -1) >= 0;
        case FrameType.Log:
          return stream === 0 || this.requests.has(stream);
        default:
          return this.#answeredRequest(type, flags, stream);
      }
    };
    return isAllowed() ? null : `a ${nameOf(type)} on stream ${stream}, which nobody asked for`;
  }

  #answeredRequest(type: number, flags: number, stream: number): boolean {
    const open = this.requests.get(stream) ?? 0;
    const ends = type === FrameType.Reset || type === FrameType.Done || flags === Flag.End;
    if (ends) count(this.requests, stream, -1);
    return open > 0;
  }
}

function count(of: Map<number, number>, stream: number, by: number): number {
  const sum = (of.get(stream) ?? 0) + by;
  of.set(stream, sum);
  return sum;
}

/** Returns what says what was wrong with the agent's frames, or null. */
function watch(channel: NodeJS.ReadableStream, sent: Sent): () => string | null {
  let wrong: string | null = null;
  const reader = new FrameReader(fromGuest, (...frame) => void (wrong ??= sent.answered(...frame)));
  channel.on("data", (chunk: Buffer) => {
    // In a statement of its own: `wrong ??= reader.push(chunk)` would take away what is found wrong during the push.
    const broken = reader.push(chunk);
    wrong ??= broken;
  });
  return () => wrong;
}
