/** Tested with real namespaces, in a root folder that contains only busybox. */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { loadConfig } from "../../base/config/load.ts";
import { fetchDebianPackage } from "../../images/debian/fetch-package.ts";
import { enterRoot } from "./enter.ts";
import { type FreshGroups, makeFreshGroups } from "./groups.ts";
import { aptSettings } from "./host-settings.ts";

const root = mkdtempSync(join(tmpdir(), "mayfly-enter-"));
let groups: FreshGroups;

before(async () => {
  const { dir } = await fetchDebianPackage({ suite: "bookworm", name: "busybox-static", cacheDir: loadConfig({}).cacheDir });
  for (const folder of ["bin", "dev", "proc", "run", "sys", "tmp"]) mkdirSync(join(root, folder));
  copyFileSync(join(dir, "bin/busybox"), join(root, "bin/busybox"));
  // enterRoot() needs this one program inside the root.
  symlinkSync("busybox", join(root, "bin/umount"));
  groups = await makeFreshGroups();
});
after(async () => {
  await groups.remove();
  rmSync(root, { recursive: true });
});

const PATIENCE_MS = 60_000;
const options = { env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" }, encoding: "utf8", timeout: PATIENCE_MS } as const;

function commandOf(script: string): [string, string[]] {
  const [program, ...args] = enterRoot({ root, cwd: "/tmp", tmpfs: ["/tmp"], groups }, ["/bin/busybox", "sh", "-c", script]);
  return [program!, args];
}

function inside(script: string): string {
  return execFileSync(...commandOf(script), options).trim();
}

test("a program in another root folder sees that one alone, as its own root", () => {
  assert.deepEqual(inside("busybox ls /").split("\n"), ["bin", "dev", "proc", "run", "sys", "tmp"]);
  assert.equal(inside("pwd"), "/tmp");
  assert.equal(inside("busybox mount | busybox grep -c ' / '"), "1");
});

test("a program in another root folder can create user namespaces, unlike in a plain chroot", () => {
  assert.equal(inside("busybox unshare --user --map-root-user busybox id -u"), "0");
});

test("it sees its own processes, and control groups as a tree of its own", () => {
  const listed = inside("busybox ps -o pid | busybox tail -n +2").split("\n");
  assert.ok(listed.length < 10 && listed.some((pid) => pid.trim() === "1"), listed.join());
  const kinds = inside("busybox grep -E 'cpu|memory|::' /proc/self/cgroup").split("\n");
  for (const line of kinds.filter((line) => !/::|name=/.test(line))) assert.match(line, /:\/(init)?$/);
  const made = inside(
    "for g in /sys/fs/cgroup /sys/fs/cgroup/memory; do busybox mkdir $g/test && echo made; done 2>&1 | busybox grep -c made",
  );
  assert.ok(Number(made) >= 1, made);
});

test("a program in another root folder leaves no mount, process or group on the host", async () => {
  const before = readFileSync("/proc/self/mountinfo", "utf8");
  const [program, args] = commandOf("echo up; busybox sleep 1000 & busybox sleep 1000");
  const child = spawn(program, args, { env: options.env, stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  await once(child.stdout, "data", { signal: AbortSignal.timeout(PATIENCE_MS) });
  child.kill("SIGKILL");
  await exited;
  const folders = groups.joinFiles.map(dirname);
  await groups.remove();
  assert.deepEqual(folders.filter(existsSync), []);
  assert.equal(readFileSync("/proc/self/mountinfo", "utf8"), before);
  groups = await makeFreshGroups();
});

test("only those of apt's settings are copied that say how it fetches", () => {
  const dump = `Acquire "";
Acquire::http "";
Acquire::http::Proxy "http://proxy:3128";
Acquire::Check-Valid-Until "false";
Acquire::IndexTargets "";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
`;
  assert.equal(aptSettings(dump), 'Acquire::http "";\nAcquire::http::Proxy "http://proxy:3128";\nAcquire::Check-Valid-Until "false";\n');
});
