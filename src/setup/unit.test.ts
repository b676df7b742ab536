import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { unitText } from "./unit.ts";

test("systemd understands every line of the unit, with paths of any kind", (context) => {
  const dir = mkdtempSync(join(tmpdir(), "mayfly-unit-"));
  context.after(() => rmSync(dir, { recursive: true }));
  for (const stateDir of ["/var/lib/mayfly", "/srv/a b%c"]) {
    const file = join(dir, "mayfly.service");
    writeFileSync(
      file,
      unitText({
        program: "/bin/true",
        flags: ["--listen", "[::1]:80"],
        stateDir,
        cacheDir: "/var/cache/mayfly",
        runDir: stateDir === "/srv/a b%c" ? "/srv/run" : "/run/mayfly",
        folder: "/opt/mayfly",
      }),
    );
    const { status, stderr, error } = spawnSync("systemd-analyze", ["verify", "--man=no", file], { encoding: "utf8" });
    assert.equal(error, undefined, "systemd-analyze is missing: apt-get install systemd");
    assert.doesNotMatch(stderr, /mayfly\.service/);
    const text = readFileSync(file, "utf8");
    const programs = [...text.matchAll(/^Exec\w+="?(\/[^ "]+)/gm)].map(([, program]) => program);
    assert.deepEqual(programs, ["/bin/true", "/bin/sh"], "a minimal Debian has no other");
    assert.equal(status, 0, stderr);
  }
});
