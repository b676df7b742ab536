/** What a confined program can do while it unpacks foreign archives, and which parts of its result are copied. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { copyForeign } from "./copy-foreign.ts";
import { installNpm, npmPackages } from "./npm.ts";
import { withConfined } from "./unprivileged.ts";
import { createUids, type Uids } from "../../base/uids/uids.ts";

const scratch = mkdtempSync(join(tmpdir(), "mayfly-unprivileged-"));
after(() => rmSync(scratch, { recursive: true }));
const isRoot = process.getuid?.() === 0;

test("a confined program writes only in its folder, with only the rights of all users", async () => {
  const secret = join(scratch, "secret");
  writeFileSync(secret, "secret", { mode: 0o600 });
  const script = `id -u; grep -E '^(Cap|NoNew)' /proc/self/status; echo mine > made; (echo evil > ${scratch}/evil) 2>/dev/null; (cat ${secret}) 2>/dev/null; env`;
  await withConfined(createUids(), async ({ folder, uid, run }) => {
    const said = await run("/bin/sh", ["-c", script], { ONLY: "this" });
    assert.equal(readFileSync(join(folder, "made"), "utf8"), "mine\n");
    assert.match(said, /ONLY=this/);
    assert.doesNotMatch(said, /HOME=/);
    if (!isRoot) return;
    assert.equal(said.split("\n")[0], String(uid));
    assert.match(said, /NoNewPrivs:\t1/);
    assert.match(said, /CapEff:\t0+\n/);
    assert.match(said, /CapBnd:\t0+\n/);
    assert.doesNotMatch(said, /^secret/m);
    assert.ok(!readdirSync(scratch).includes("evil"));
  });
});

test(
  "programs that are confined at once have user ids of their own, from the allocator, which gets them back",
  { skip: !isRoot },
  async () => {
    const held = new Set<number>();
    const all = createUids();
    const uids: Uids = {
      take() {
        const { uid, release } = all.take();
        held.add(uid);
        const giveBack = () => {
          held.delete(uid);
          release();
        };
        return { uid, release: giveBack };
      },
    };
    await withConfined(uids, ({ uid: outer }) =>
      withConfined(uids, async ({ uid: inner }) => {
        assert.notEqual(inner, outer);
        assert.deepEqual([...held], [outer, inner]);
      }),
    );
    assert.equal(held.size, 0);
  },
);

test(
  "processes that a confined program started do not outlive it",
  { skip: !isRoot && "a user's other processes are not ours to end" },
  async () => {
    await withConfined(createUids(), async ({ folder, uid, run }) => {
      await run("/bin/sh", ["-c", "(setsid sleep 300 > /dev/null 2>&1 & echo $! > pid); exec >&-"], {});
      const pid = readFileSync(join(folder, "pid"), "utf8").trim();
      const status = (() => {
        try {
          return readFileSync(`/proc/${pid}/status`, "utf8");
        } catch {
          return "State:\tX";
        }
      })();
      assert.ok(/State:\t[XZ]/.test(status) || !status.includes(String(uid)), status);
    });
  },
);

test("a program that fills its folder is ended before it fills the disk", { timeout: 120_000 }, async () => {
  const filling = withConfined(
    createUids(),
    ({ run }) => run("/bin/sh", ["-c", "head -c 60000000 /dev/zero > large; exec sleep 100"], { PATH: "/usr/bin:/bin" }),
    {
      mostBytes: 20_000_000,
    },
  );
  await assert.rejects(filling, { code: "image-build-failed", message: /\/bin\/sh -c was ended: it wrote over 20000000 bytes/ });
});

test("links in what it made are copied as links; files of others, pipes and what is no file are refused", async () => {
  const from = join(scratch, "from");
  mkdirSync(join(from, "a"), { recursive: true });
  writeFileSync(join(from, "a/file"), "x", { mode: 0o755 });
  symlinkSync("/etc", join(from, "a/link"));
  await copyForeign(from, join(scratch, "into"), undefined);
  assert.equal(readlinkSync(join(scratch, "into/a/link")), "/etc");
  assert.deepEqual(readdirSync(join(scratch, "into/a")), ["file", "link"]);
  assert.equal(statSync(join(scratch, "into/a/file")).mode & 0o777, 0o755);
  execFileSync("mkfifo", [join(from, "pipe")]);
  await assert.rejects(copyForeign(from, join(scratch, "again"), undefined), /pipe is not a file, folder or symbolic link/);
  rmSync(join(from, "pipe"));
  linkSync(join(from, "a/file"), join(from, "hard"));
  await assert.rejects(copyForeign(from, join(scratch, "once-more"), 12_345), /belongs to somebody else/);
});

test("a folder that is a link is not copied: what it leads to was not made by the program", async () => {
  mkdirSync(join(scratch, "linked/real"), { recursive: true });
  writeFileSync(join(scratch, "linked/real/file"), "x");
  for (const target of ["real", "/etc"]) {
    const from = join(scratch, "linked", target === "real" ? "node_modules" : "other");
    symlinkSync(target, from);
    await assert.rejects(copyForeign(from, join(scratch, "linked/into"), undefined), /is not a folder/);
  }
  assert.deepEqual(readdirSync(join(scratch, "linked")).toSorted(), ["node_modules", "other", "real"]);
});

test("a lock with packages of git repositories or folders is refused before npm is run", async () => {
  for (const resolved of [
    "git://127.0.0.1:1/evil#0",
    "git+https://github.com/a/b.git#0",
    "git+ssh://git@github.com/a/b.git#0",
    "file:../../etc",
    "../x",
  ]) {
    const lock = JSON.stringify({ lockfileVersion: 3, packages: { "": {}, "node_modules/evil": { version: "1.0.0", resolved } } });
    await assert.rejects(installNpm(createUids(), { evil: "1.0.0" }, lock, join(scratch, "none")), {
      code: "image-build-failed",
      message: /"node_modules\/evil" comes from .*none is taken from git or a folder/,
    });
  }
});

test("a text that is not a package-lock is refused", () => {
  const escaping = ['{"packages":{"a":{"version":"1.0.0\\u001b[31m"}}}', '{"packages":{"a\\u001b[31m":{}}}'];
  for (const lock of [...escaping, "", "[]", "{}", '{"packages":[]}', '{"packages":{"a":5}}', '{"packages":{"a":{"version":{}}}}'])
    assert.throws(() => npmPackages(lock), { code: "image-build-failed" }, lock);
});
