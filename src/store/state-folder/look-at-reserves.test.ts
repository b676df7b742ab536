import assert from "node:assert/strict";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { afterwards } from "../../base/testing/afterwards.ts";
import { RESERVE_BYTES } from "../group-commit/space-use.ts";
import { lackingReserves, lookAtReserves } from "./look-at-reserves.ts";
import { openReserve } from "./reserve.ts";

test("reserves are those of the state folder and of databases in use, and what is lacking of each is told", (t) => {
  const dir = mkdtempSync(join(tmpdir(), "mayfly-reserves-"));
  afterwards(t, () => rmSync(dir, { recursive: true }));
  const put = (name: string, bytes: number) => writeFileSync(join(dir, name), Buffer.alloc(bytes));
  assert.deepEqual(lackingReserves(lookAtReserves(dir)), ["reserve has 0 of 8 MB"]);
  openReserve(join(dir, "reserve"), dir);
  put("queues.db-reserve", RESERVE_BYTES);
  // Not used since the server's start, and made by an older one.
  put("kv.db", 100);
  assert.deepEqual(lackingReserves(lookAtReserves(dir)), []);
  assert.deepEqual(
    lookAtReserves(dir).map(({ file }) => file),
    ["reserve", "queues.db-reserve"],
  );
  put("kv.db-wal", 100);
  truncateSync(join(dir, "queues.db-reserve"), RESERVE_BYTES / 2);
  assert.deepEqual(lackingReserves(lookAtReserves(dir)), ["queues.db-reserve has 1 of 2 MB", "kv.db-reserve has 0 of 2 MB"]);
});
