/** The catalog on a full disk: a small tmpfs, mounted in a mount namespace of a child process. Needs root, as tests of machines do. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

test("on a full disk nothing is stored, nothing stays of a deploy that filled it, removing an app works, and its space is free again", () => {
  const child = fileURLToPath(new URL("testing/full-disk-child.ts", import.meta.url));
  const script = 'dir=$(mktemp -d) && mount -t tmpfs -o size=48m none "$dir" && exec "$0" "$1" "$dir"';
  const into = ["--mount", "--propagation", "private", "sh", "-c", script, process.execPath, child];
  const told = JSON.parse(execFileSync("unshare", into, { encoding: "utf8", timeout: 120_000 })) as Record<string, unknown>;
  assert.deepEqual(told, {
    reserved: true,
    tooLarge: ["disk-full", "disk-full"],
    reservedAfterTooLarge: true,
    leftOfTooLarge: 0,
    smallAfterwards: "",
    whenFull: "disk-full",
    secretWhenFull: "disk-full",
    stillLive: true,
    leftInReserve: false,
    freed: true,
    reservedAgain: true,
    storesAgain: true,
    whole: "ok",
  });
});
