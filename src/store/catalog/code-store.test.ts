import assert from "node:assert/strict";
import { test } from "node:test";
import { type CodeStoreParts, openCodeStore } from "./code-store.ts";

const MIB = 1_048_576;

/** Stores code and returns how often the disk was waited for: by commits, and by copies of the write-ahead log, which each wait for it. */
async function waitsFor(codes: Uint8Array[]): Promise<{ commits: number; copies: number }> {
  const waits = { commits: 0, copies: 0 };
  const queries = { add: () => 1, part: () => undefined, setPart: () => 1, hasPartFrom: () => undefined };
  const store = openCodeStore({
    queries: queries as unknown as CodeStoreParts["queries"],
    write(work) {
      work();
      waits.commits += 1;
    },
    writeLoosely: (work) => work(),
    remove: (work) => work(),
    checkpoint: () => void (waits.copies += 1),
    large: { remove: () => undefined },
  });
  await store.hold(codes.map((code, at) => ({ digest: String(at), code })));
  return waits;
}

test("an upload of a thousand small functions does not wait for the disk for each of them", async () => {
  const { commits, copies } = await waitsFor(Array.from({ length: 1_000 }, () => Buffer.alloc(100)));
  assert.equal(commits, 0, "the commit that makes functions refer to the code waits for all of it");
  assert.ok(copies >= 1 && copies <= 20, `${copies} copies`);
});

test("large code is copied into the file after each MiB, so that no copy takes long", async () => {
  assert.deepEqual(await waitsFor([Buffer.alloc(5 * MIB), Buffer.alloc(3 * MIB)]), { commits: 0, copies: 8 });
});
