/**
 * Mayfly in a chroot whose root folder is not a mount point, as in many build systems. The chroot is made of this host's folders, with the
 * real QEMU.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, test } from "node:test";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "mayfly-chroot-"));
after(() => fs.rmSync(folder, { recursive: true }));

const project = path.resolve(import.meta.dirname, "../../../..");

/**
 * Runs a command in mount namespaces of its own, so that nothing of it is left. $1 is the folder, $2 the project, $3 how the file system is
 * shared; the command follows.
 */
const enter = `
set -e
mount -t tmpfs tmpfs "$1"
mount "--make-$3" "$1"
root=$1/root
mkdir -p "$root/run" "$root/tmp" "$root$2"
for name in bin dev etc lib lib64 proc sbin usr; do
  if [ -L "/$name" ]; then cp -P "/$name" "$root/$name"; else mkdir -p "$root/$name"; mount --rbind "/$name" "$root/$name"; fi
done
mount --bind "$2" "$root$2"
shift 3
exec chroot "$root" "$@"
`;

/** Confines a QEMU that only prints its version. Prints the result, and whether a machine's /proc is visible outside. */
const program = `
  const { createConfinement } = await import(${load("confinement.ts")});
  const { readHostFacts } = await import(${load("host-facts.ts")});
  const { createUids } = await import(${load("../../../base/uids/uids.ts")});
  const { execFileSync } = await import("node:child_process");
  const { readFileSync } = await import("node:fs");
  const outcome = {};
  try {
    const confinement = createConfinement(await readHostFacts(), "/run/mayfly", createUids());
    const { command: [unshare, ...args] } = confinement.take();
    outcome.said = execFileSync(unshare, [...args, "--version"], { encoding: "utf8", env: {} });
  } catch (error) {
    outcome.error = { code: error.code, message: error.message, cure: error.cure };
  }
  outcome.seen = /qemu-jail/.test(readFileSync("/proc/self/mountinfo", "utf8"));
  console.log(JSON.stringify(outcome));`;

function load(name: string): string {
  return JSON.stringify(new URL(name, import.meta.url).href);
}

interface Outcome {
  said?: string;
  error?: { code: string; message: string; cure: string };
  seen: boolean;
}

function inChroot(sharing: "private" | "shared"): Outcome {
  const node = [process.execPath, "--disable-warning=ExperimentalWarning", "--input-type=module", "-e", program];
  const args = ["--mount", "/bin/sh", "-c", enter, "sh", folder, project, sharing, ...node];
  return JSON.parse(execFileSync("unshare", args, { encoding: "utf8", timeout: 60_000 })) as Outcome;
}

test("a machine has mounts of its own if those below the chroot are not shared", () => {
  const { said, error, seen } = inChroot("private");
  assert.equal(error, undefined);
  assert.match(said!, /QEMU emulator version/);
  assert.equal(seen, false);
});

test("if the mounts are shared with others, the error says what to do, and no mount is left", () => {
  const { error, seen } = inChroot("shared");
  assert.equal(error?.code, "missing-part");
  assert.match(error.cure, /mount --bind FOLDER FOLDER/);
  assert.equal(seen, false);
});
