import assert from "node:assert/strict";
import { test } from "node:test";
import { Random, seedOf } from "../../../base/testing/random.ts";
import { closeFrame, FrameBorder } from "./frame-border.ts";

/** A frame of a server, or of a client if it is masked. */
function frame(opcode: number, bytes: number, masked: boolean): Buffer {
  const mask = masked ? 0x80 : 0;
  const head = [0x80 | opcode];
  if (bytes < 126) head.push(mask | bytes);
  else if (bytes < 65_536) head.push(mask | 126, bytes >> 8, bytes & 255);
  else head.push(mask | 127, 0, 0, 0, 0, (bytes >>> 24) & 255, (bytes >>> 16) & 255, (bytes >>> 8) & 255, bytes & 255);
  return Buffer.concat([Buffer.from(head), Buffer.alloc(masked ? 4 : 0, 0x88), Buffer.alloc(bytes, 0x88)]);
}

const seed = seedOf();

test(`a frame is complete with its last byte, however it is cut into pieces (seed ${seed})`, () => {
  const random = new Random(seed);
  for (let round = 0; round < 200; round += 1) {
    const border = new FrameBorder();
    for (let count = 0; count < 5; count += 1) {
      const bytes = random.pick([0, 1, 125, 126, 127, 300, 65_535, 65_536, 70_000]);
      const whole = frame(random.pick([0, 1, 2, 9, 10]), bytes, random.chance(0.5));
      for (let at = 0; at < whole.length;) {
        const piece = Math.min(whole.length - at, random.pick([1, 2, 3, 10, 1_000, 100_000]));
        border.pass(whole.subarray(at, at + piece));
        at += piece;
        assert.equal(border.isBetweenFrames, at === whole.length, `${bytes} bytes, after ${at} of ${whole.length}`);
      }
    }
    assert.equal(border.isClosed, false);
    border.pass(closeFrame(1_012, "why"));
    assert.deepEqual([border.isClosed, border.isBetweenFrames], [true, true]);
  }
});

test("the gateway's Close frame has its code and its reason", () => {
  const close = closeFrame(1_012, "connection-drained");
  assert.deepEqual([close[0], close[1], close.readUInt16BE(2), close.toString("latin1", 4)], [0x88, 20, 1_012, "connection-drained"]);
});
