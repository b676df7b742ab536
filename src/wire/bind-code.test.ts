/** The code of a Bind: it is read piece by piece while it crosses, and the guest runs none of it before its end. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../base/clock/until.ts";
import type { BindCode } from "./host-end.ts";
import { Flag, FrameType } from "./protocol.ts";
import { connectModelGuest, settle } from "./testing/model-guest.ts";

const PIECE = 262_144;

test("code is read no faster than the guest takes it, and is whole", async () => {
  const { host, guest, guestChannel, got } = connectModelGuest();
  guestChannel.pause();
  const source = new Source(64);
  const bound = bind(host, 64 * PIECE, source.read());
  await settle(50);
  assert.ok(source.given < 10, `${source.given} pieces of 64 were read`);
  guestChannel.resume();
  await until(() => got.at(-1)?.flags === Flag.End);
  const sent = got.slice(1).reduce((sum, { payload }) => sum + payload.length, 0);
  assert.deepEqual([source.given, sent, source.ended], [64, 64 * PIECE, true]);
  guest.json(FrameType.Bound, got[0]!.stream, { ok: true });
  await bound;
});

test("code that cannot be read to its end, or is of another length than was announced, is never ended", async () => {
  const failing = async function* () {
    yield Buffer.alloc(PIECE);
    throw new Error("the disk failed");
  };
  for (const [code, expected] of [
    [failing(), /the disk failed/],
    [[Buffer.alloc(PIECE + 1)], /262145 bytes, and 262144 were announced/],
    [[Buffer.alloc(1)], /1 bytes, and 262144 were announced/],
  ] as const) {
    const { host, got } = connectModelGuest();
    await assert.rejects(bind(host, PIECE, code), expected);
    await settle(20);
    assert.ok(got.every(({ flags }) => flags !== Flag.End));
  }
});

test("the reading ends when the guest has answered, or the connection is over, before all code was sent", async () => {
  for (const end of ["answer", "close"] as const) {
    const { host, guest, guestChannel, got } = connectModelGuest();
    const source = new Source(64);
    if (end === "close") guestChannel.pause();
    const bound = bind(host, 64 * PIECE, source.read());
    const failed = assert.rejects(bound);
    if (end === "close") await settle(20);
    else await until(() => got.length > 0);
    if (end === "close") host.close();
    else guest.json(FrameType.Bound, got[0]!.stream, { ok: false, message: "no" });
    await failed;
    await until(() => source.ended);
    assert.ok(source.given < 64, end);
  }
});

/** Gives so many pieces, with a turn of the event loop after each. */
class Source {
  given = 0;
  ended = false;
  readonly #pieces: number;

  constructor(pieces: number) {
    this.#pieces = pieces;
  }

  async *read(): AsyncGenerator<Uint8Array, void> {
    try {
      while (this.given < this.#pieces) {
        this.given++;
        yield Buffer.alloc(PIECE);
        await new Promise((resolve) => setImmediate(resolve));
      }
    } finally {
      this.ended = true;
    }
  }
}

function bind(host: ReturnType<typeof connectModelGuest>["host"], bytes: number, code: BindCode): Promise<void> {
  const functions = [{ name: "f", format: "cjs" as const, source: { type: "frames" as const, bytes }, handler: "handler" }];
  return host.bind({ app: "a", revision: "v", functions, env: {}, memoryMb: 128, egress: false }, code);
}
