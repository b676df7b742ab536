/** A file that a group commit writes on a full disk: a small tmpfs, mounted in a mount namespace of a child process. Needs root, as tests of machines do. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { RESERVE_BYTES } from "./space-use.ts";

const USED_UP = "disk-full: rows.db, and what was held in reserve for removals is used up";

test("on a full disk what frees space goes on, by a reserve that nobody else gets, that is made again, and that no kill -9 makes a danger", () => {
  const child = fileURLToPath(new URL("testing/full-disk-child.ts", import.meta.url));
  const script = 'dir=$(mktemp -d) && mount -t tmpfs -o size=32m none "$dir" && exec "$0" "$1" "$dir"';
  const into = ["--mount", "--propagation", "private", "sh", "-c", script, process.execPath, child];
  const told = JSON.parse(
    execFileSync("unshare", into, { encoding: "utf8", timeout: 120_000, stdio: ["ignore", "pipe", "inherit"] }),
  ) as object;
  assert.deepEqual(told, {
    lives: {
      reserved: RESERVE_BYTES,
      refused: "disk-full: rows.db",
      together: ["disk-full: rows.db", 1, 1],
      removed: [],
      untouched: true,
      again: [null, RESERVE_BYTES],
    },
    usedUp: { kept: USED_UP, half: true, removed: 1, stillRefused: "disk-full: rows.db" },
    reopened: { removed: 1, lent: true, refused: "disk-full: rows.db", eaten: 0, removedAgain: 1 },
    withoutReserve: { opened: "disk-full", again: 1, reserve: RESERVE_BYTES },
    leftInLog: { read: 100, refused: "disk-full: other.db" },
    killed: [],
  });
});
