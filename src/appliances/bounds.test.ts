import assert from "node:assert/strict";
import { statfsSync } from "node:fs";
import { tmpdir, totalmem } from "node:os";
import { test } from "node:test";
import { boundsOf, checkMemory } from "./bounds.ts";

test("without settings appliances have at most the host's memory and half of its disk", () => {
  const appliances = { folders: [], publish: [] };
  const { maxMemoryMb, maxDiskMb } = boundsOf({ appliances, stateDir: tmpdir() });
  const { blocks, bsize } = statfsSync(tmpdir());
  assert.equal(maxMemoryMb, Math.floor(totalmem() / 2 ** 20));
  assert.equal(maxDiskMb, Math.floor((blocks * bsize) / 2 ** 21));
  assert.deepEqual(boundsOf({ appliances: { ...appliances, maxMemoryMb: 64, maxDiskMb: 16 }, stateDir: "/nowhere" }), {
    maxMemoryMb: 64,
    maxDiskMb: 16,
  });
});

test("exactly what is allowed is allowed, and an error says how much more it would take", () => {
  checkMemory(256, 768, { maxMemoryMb: 1_024 });
  assert.throws(
    () => checkMemory(256, 800, { maxMemoryMb: 1_024 }),
    (error: Error & { cure: string; code: string }) => {
      assert.equal(error.code, "not-permitted");
      assert.match(error.message, /may have 1024 MB of memory, others have 800, and this one asks for 256/);
      return /add 32 MB to appliances\.maxMemoryMb/.test(error.cure);
    },
  );
});
