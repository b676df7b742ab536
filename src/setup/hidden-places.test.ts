import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { MayflyError } from "../base/errors/error.ts";
import { projectRoot } from "../images/project.ts";
import { refuseHiddenPlaces } from "./hidden-places.ts";

function refused(places: Record<string, string>): string | undefined {
  try {
    refuseHiddenPlaces(Object.entries(places));
    return undefined;
  } catch (error) {
    assert.ok(error instanceof MayflyError && error.code === "bad-config", String(error));
    return error.message;
  }
}

test("a service that could not see a file or folder of its own is not installed, and the place is named", () => {
  for (const path of ["/tmp", "/tmp/state", "/var/tmp/a/b", "/srv/../tmp/state"])
    assert.match(
      refused({ cacheDir: "/srv/cache", stateDir: path }) ?? "",
      /^The setting stateDir names .*\/tmp.*a \/tmp and \/var\/tmp of its own/,
    );
  for (const path of ["/srv/tmp", "/tmpfiles", "/var/lib/mayfly", "/var/tmpx"]) assert.equal(refused({ stateDir: path }), undefined, path);
});

test("a link into /tmp is followed", (context) => {
  // A folder outside of /tmp, wherever this copy of Mayfly lies.
  const dir = mkdtempSync("/dev/shm/mayfly-link-");
  context.after(() => rmSync(dir, { recursive: true }));
  symlinkSync("/tmp/nowhere-yet", join(dir, "state"));
  assert.match(refused({ stateDir: join(dir, "state", "deeper") }) ?? "", /\(\/tmp\/nowhere-yet\/deeper\)/);
});

test("mayfly install refuses settings, folders and a program below /tmp, also where it only prints the unit", (context) => {
  const dir = mkdtempSync("/tmp/mayfly-install-");
  context.after(() => rmSync(dir, { recursive: true }));
  const config = join(dir, "mayfly.json");
  writeFileSync(config, "{}");
  const elsewhere = ["--state", "/var/lib/mayfly-x", "--cache", "/var/cache/mayfly-x"];
  const install = (...args: string[]) =>
    spawnSync(process.execPath, [join(projectRoot, "src/cli/main.ts"), "install", "--print", ...args], {
      encoding: "utf8",
      env: { PATH: process.env["PATH"] },
    });
  const { stdout: unit, stderr: why } = install(...elsewhere);
  assert.match(unit + why, /^\/(var\/)?tmp\//.test(projectRoot) ? /The setting program/ : /^\[Unit\]/);
  for (const [key, args] of [
    ["--config", ["--config", config, ...elsewhere]],
    ["stateDir", ["--state", dir, "--cache", "/var/cache/mayfly-x"]],
    ["cacheDir", ["--state", "/var/lib/mayfly-x", "--cache", dir]],
  ] as const) {
    const { status, stderr, stdout } = install(...args);
    assert.match(stderr, new RegExp(`The setting ${key} names ${dir}`));
    assert.equal(status, 2);
    assert.equal(stdout, "");
  }
});
