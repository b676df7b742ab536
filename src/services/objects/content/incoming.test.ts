import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { Random, seedOf } from "../../../base/testing/random.ts";
import { Hashing } from "../checksums/hashing.ts";
import type { NewFile } from "./content-files.ts";
import { takeContent } from "./incoming.ts";
import { PIECE_BYTES, PieceMemory } from "./piece-memory.ts";

const seed = seedOf();

/** Files that are slow, keep what is written to them, and tell of the memory that it came in. */
function slowFiles(isFull: () => boolean) {
  const buffers = new Set<ArrayBufferLike>();
  const written: Buffer[] = [];
  const create = async (): Promise<NewFile> => {
    const chunks: Buffer[] = [];
    return {
      async write(some) {
        await setImmediate();
        if (isFull()) throw new Error("the disk is full");
        await setImmediate();
        for (const each of some) {
          buffers.add(each.buffer);
          chunks.push(Buffer.from(each));
        }
      },
      async finish() {
        return String(written.push(Buffer.concat(chunks)) - 1);
      },
      async discard() {},
    };
  };
  return { files: { create }, buffers, written };
}

async function* inChunks(content: Uint8Array, fails: boolean): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < content.length; at += 100_000) {
    await setImmediate();
    if (fails && at > PIECE_BYTES) throw new Error("the client has left");
    yield content.subarray(at, at + 100_000);
  }
}

test(`large contents that come at once are kept as they came, in memory that is used again, though others fail beside them (seed ${seed})`, async () => {
  const random = new Random(seed);
  const [hashing, memory] = [new Hashing(), new PieceMemory()];
  const { files, buffers, written } = slowFiles(() => random.below(15) === 0);
  const ends = { kept: 0, failed: 0 };
  for (let round = 0; round < 15; round++)
    await Promise.all(
      Array.from({ length: 6 }, async () => {
        const content = random.bytes(PIECE_BYTES + 1 + random.below(2 * PIECE_BYTES));
        const source = inChunks(content, random.below(5) === 0);
        const options = { files, hashing, memory, algorithms: ["SHA256" as const], most: 1e9 };
        const taken = await takeContent(source, options, () => {}).catch(() => null);
        if (taken === null) {
          ends.failed++;
          return;
        }
        ends.kept++;
        assert.deepEqual(taken.digests.of("SHA256"), createHash("sha256").update(content).digest());
        assert.ok(written[Number(taken.content.segments[0]!.file)]!.equals(content));
      }),
    );
  assert.ok(ends.kept > 20 && ends.failed > 5, JSON.stringify(ends));
  assert.ok(buffers.size <= 12, `${buffers.size} pieces of memory were made for 6 contents at once`);
});
