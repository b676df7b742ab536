import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { checkAddress, openShared } from "./permitted.ts";

function folders(context: TestContext) {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "mayfly-shared-")));
  context.after(() => rmSync(dir, { recursive: true }));
  for (const name of ["shared/inner", "shared-not", "secret", "state/volumes"]) mkdirSync(join(dir, name), { recursive: true });
  writeFileSync(join(dir, "shared/file"), "");
  symlinkSync(join(dir, "secret"), join(dir, "shared/out"));
  symlinkSync(join(dir, "shared"), join(dir, "link"));
  symlinkSync(join(dir, "state"), join(dir, "shared/state"));
  return (name: string) => join(dir, name);
}

async function opens(folder: string, permitted: string[], stateDir: string): Promise<string[]> {
  await using handle = await openShared(folder, { folders: permitted, publish: [] }, stateDir);
  return readdirSync(`/proc/self/fd/${handle.fd}`);
}

test("only listed folders and what is in them are shared, wherever links lead", async (context) => {
  const at = folders(context);
  const permitted = [at("shared")];
  assert.ok((await opens(at("shared"), permitted, at("state"))).includes("inner"));
  assert.deepEqual(await opens(at("shared/inner"), permitted, at("state")), []);
  assert.ok((await opens(at("link"), permitted, at("state"))).includes("inner"), "a link to what is shared");
  assert.ok((await opens(at("shared"), [at("link")], at("state"))).includes("inner"), "a link in the setting");
  for (const refused of ["shared-not", "secret", "shared/out", "shared/../secret", "shared/inner/../../secret", "nowhere", ""]) {
    await assert.rejects(opens(at(refused), permitted, at("state")), { code: "not-permitted", message: /appliances\.folders/ }, refused);
  }
  await assert.rejects(opens("/", permitted, at("state")), { code: "not-permitted" });
  for (const none of ["shared/file", "shared/nowhere"]) {
    await assert.rejects(opens(at(none), permitted, at("state")), { code: "bad-appliance", message: /not a folder/ }, none);
  }
});

test("if the operator listed no folder, none is shared, and errors do not reveal which exist", async (context) => {
  const at = folders(context);
  for (const any of ["shared", "nowhere"])
    await assert.rejects(opens(at(any), [], at("state")), { code: "not-permitted", message: /there is none/ });
});

test("neither the state folder nor a folder that contains it is ever shared", async (context) => {
  const at = folders(context);
  for (const any of ["state", "state/volumes", ".", "shared/state"]) {
    await assert.rejects(opens(at(any), ["/"], at("state")), { code: "bad-appliance", message: /state folder/ }, any);
  }
});

test("ports are published on loopback, and on what the operator listed", () => {
  const on = (address: string, publish: string[] = []) => checkAddress({ address, host: 1, guest: 1 }, { folders: [], publish });
  for (const address of ["127.0.0.1", "127.0.0.2", "::1"]) on(address);
  for (const address of ["0.0.0.0", "::", "192.0.2.1", "::ffff:192.0.2.1"]) {
    assert.throws(() => on(address), { code: "not-permitted", message: /appliances\.publish/ }, address);
    on(address, [address]);
  }
  on("0:0:0:0:0:0:0:0", ["::"]);
});
