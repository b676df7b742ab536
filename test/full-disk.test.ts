/** A server whose state folder is on a full disk: a small tmpfs in a child's own mount namespace. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

test("on a full disk machines start, calls are answered, nothing is stored, and an app or a tenant can be removed and a token revoked", () => {
  assert.deepEqual(toldBy("full-disk-child.ts"), {
    machines: 0,
    called: 200,
    deployed: "disk-full",
    created: "ServiceException",
    // No error that callers see tells where the host keeps its files.
    naming: [],
    revoked: "",
    tenantRemoved: "",
    removed: "",
    after: 404,
    deployedAgain: "",
    calledAgain: 200,
  });
});

test("a worker that dies while the disk is full is replaced, and an app can be removed then", () => {
  assert.deepEqual(toldBy("full-disk-restart-child.ts"), { called: 200, restarts: 1, after: 404 });
});

test("on a full disk, queues, buses, schedules and durable executions refuse what is new, lose nothing that they took, and go on by themselves", () => {
  assert.deepEqual(toldBy("full-disk-queues-child.ts"), {
    refused: { send: "InternalFailure", publish: "InternalException", schedule: "InternalException", execution: "ServiceException" },
    // A message can be received and deleted, and does not come back.
    deleted: true,
    returned: false,
    missing: { jobs: [], ruled: [], executions: [] },
    due: 1,
  });
});

test("on a disk that is full to the last byte, what is stored can be removed, and what was accepted is received, hidden and finished", () => {
  assert.deepEqual(toldBy("full-disk-removals-child.ts", "64m"), {
    refused: {
      send: "InternalFailure",
      object: "InternalError",
      key: "disk-full",
      row: "sql-full",
      event: "disk-full",
      execution: "ServiceException",
    },
    removed: {
      received: "",
      hidden: "",
      deleted: "",
      purged: "",
      removedQueue: "",
      object: "",
      smallObject: "",
      version: "",
      marker: "",
      upload: "",
      bucket: "",
      key: "",
      redis: ":1\r\n:1\r\n",
      cancelled: "",
      purgedLetters: "",
      stopped: "",
    },
    finished: { late: true, ended: true },
    gone: { database: "", app: "" },
    afterwards: "",
  });
});

/** What a child process prints as its last line, on a disk of its own. */
function toldBy(name: string, size = "48m"): unknown {
  const child = fileURLToPath(new URL(name, import.meta.url));
  const script = `dir=$(mktemp -d) && mount -t tmpfs -o size=${size} none "$dir" && exec "$0" "$1" "$dir"`;
  const into = ["--mount", "--propagation", "private", "sh", "-c", script, process.execPath, child];
  const output = execFileSync("unshare", into, { encoding: "utf8", timeout: 300_000, stdio: ["ignore", "pipe", "inherit"] });
  return JSON.parse(output.trim().split("\n").at(-1) as string);
}
