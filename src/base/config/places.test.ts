import assert from "node:assert/strict";
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { MayflyError } from "../errors/error.ts";
import { loadConfig } from "./load.ts";

function base(context: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), "mayfly-places-"));
  context.after(() => rmSync(dir, { recursive: true }));
  for (const name of ["state", "cache", "run"]) mkdirSync(join(dir, name));
  for (const name of ["state/catalog.db", "cert.pem", "key.pem", "loader.elf"]) writeFileSync(join(dir, name), "x");
  writeFileSync(join(dir, "config.json"), "{}");
  return dir;
}

/** Returns the message of the refusal, or undefined if the settings are accepted. Relative paths start from `dir`. */
function refusal(dir: string, settings: Record<string, string>): string | undefined {
  const within = (path: string) => (path.startsWith("/") ? path : join(dir, path));
  const all: Record<string, string> = { stateDir: "state", cacheDir: "cache", runDir: "run", ...settings };
  const flags = Object.fromEntries(Object.entries(all).map(([key, path]) => [key, within(path)]));
  const tls = { cert: join(dir, "cert.pem"), key: join(dir, "key.pem") };
  try {
    loadConfig({ env: {}, file: join(dir, "config.json"), flags: { ...flags, tls, osvKernel: join(dir, "loader.elf") } });
    return undefined;
  } catch (error) {
    assert.ok(error instanceof MayflyError && error.code === "bad-config", String(error));
    return error.message;
  }
}

test("folders beside each other, a recording beside them, and the state folder's own run folder are taken", (context) => {
  const dir = base(context);
  assert.equal(refusal(dir, { record: "run.jsonl" }), undefined);
  assert.equal(refusal(dir, { runDir: "state/run" }), undefined);
  assert.equal(refusal(dir, { cacheDir: "state-cache", runDir: "cache-of/run", record: "runs/state" }), undefined);
  assert.equal(refusal(dir, { record: "/dev/null" }), undefined);
});

test("a folder that is another setting's, in it or around it is refused with both named", (context) => {
  const dir = base(context);
  const cases: [Record<string, string>, RegExp][] = [
    [
      { cacheDir: "state" },
      /^The setting cacheDir names \S+\/state, which is the folder of stateDir \(\S+\/state\); name a folder that nothing else/,
    ],
    [{ cacheDir: "state/cache" }, /cacheDir names .* is in the folder of stateDir/],
    [{ cacheDir: "." }, /cacheDir names .* has in it the folder of stateDir/],
    [{ cacheDir: "/" }, /cacheDir names \/, which has in it/],
    [{ cacheDir: "state/../state/x/y" }, /cacheDir names .* is in the folder of stateDir/],
    [{ runDir: "state" }, /runDir names .* is the folder of stateDir/],
    [{ runDir: "state/logs" }, /runDir names .* is in the folder of stateDir/],
    [{ runDir: "state/run/appliances" }, /runDir names .* is in the folder of stateDir/],
    [{ runDir: "." }, /runDir names .* has in it the folder of stateDir/],
    [{ runDir: "cache" }, /runDir names .* is the folder of cacheDir/],
    [{ runDir: "cache/run" }, /runDir names .* is in the folder of cacheDir/],
    [{ cacheDir: "run/cache" }, /runDir names .* has in it the folder of cacheDir/],
    [{ stateDir: "cache/state" }, /cacheDir names .* has in it the folder of stateDir/],
  ];
  for (const [settings, message] of cases) assert.match(refusal(dir, settings) ?? "taken", message, JSON.stringify(settings));
});

test("a recording in one of the server's folders, or over a file that it reads, is refused", (context) => {
  const dir = base(context);
  for (const record of ["state/catalog.db", "state/new.jsonl", "state/run/x", "state", "cache/images/x", "run/x"]) {
    assert.match(refusal(dir, { record }) ?? "taken", /^The setting record names .* is in the folder of (state|cache|run)Dir/, record);
  }
  for (const [record, key] of [
    ["cert.pem", "tls.cert"],
    ["key.pem", "tls.key"],
    ["loader.elf", "osvKernel"],
    ["config.json", "--config"],
  ]) {
    assert.match(refusal(dir, { record: record! }) ?? "taken", new RegExp(`is the file of ${key}, and would be overwritten`));
  }
});

test("links are followed: to folders, to files, to what is missing yet, and in a circle", (context) => {
  const dir = base(context);
  symlinkSync(join(dir, "state"), join(dir, "link"));
  symlinkSync("state/not-there", join(dir, "dangling"));
  symlinkSync("circle", join(dir, "circle"));
  symlinkSync("cert.pem", join(dir, "cert-link"));
  linkSync(join(dir, "cert.pem"), join(dir, "cert-again"));
  assert.match(refusal(dir, { cacheDir: "link" }) ?? "", /is the folder of stateDir/);
  assert.match(refusal(dir, { runDir: "link/x/y" }) ?? "", /is in the folder of stateDir/);
  assert.match(refusal(dir, { record: "dangling" }) ?? "", /is in the folder of stateDir/);
  assert.match(refusal(dir, { record: "dangling/deep/er" }) ?? "", /is in the folder of stateDir/);
  assert.match(refusal(dir, { record: "cert-link" }) ?? "", /is the file of tls.cert/);
  assert.match(refusal(dir, { record: "cert-again" }) ?? "", /is the file of tls.cert/);
  assert.equal(refusal(dir, { stateDir: "link", runDir: "link/run" }), undefined);
  assert.equal(refusal(dir, { record: "circle" }), undefined);
});
