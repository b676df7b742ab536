/** A bucket that machines mount as a folder: real machines of qemu, with the kernel's own client. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { Readable } from "node:stream";
import { after, before, describe, test } from "node:test";
import { bundleApp } from "../src/bundle/bundle-app.ts";
import { createScope, eventually, type Platform, projectDir, startPlatform } from "./platform.ts";

describe("a bucket as a folder", () => {
  const scope = createScope();
  let platform: Platform;
  before(async () => {
    platform = await startPlatform(scope, { driver: "qemu", kernel: "linux", blanks: 1 });
    const { manifest, bundles } = await bundleApp(join(projectDir, "test/apps/mounts/node"));
    const of = { bindings: { FILES: { bucket: "files" } }, mounts: [{ bucket: "files", path: "/data/files" }] };
    await platform.client.deploy({ ...manifest, name: "folder", ...of }, bundles);
  });
  after(() => scope.close());

  const run = async (code: string): Promise<unknown> => {
    const response = await platform.call("/folder/main", { method: "POST", body: code });
    const text = await response.text();
    assert.equal(response.status, 200, text);
    const { value, error } = JSON.parse(text) as { value: unknown; error?: string };
    return error ?? value;
  };
  const put = (key: string, content: string | Uint8Array) =>
    platform.client.putObject("folder:files", { key }, Readable.from([Buffer.from(content)]));

  test("has its objects as files, of all sizes, in the folders that their keys name", async () => {
    // The bucket is made by the first look at it.
    assert.deepEqual(await run(`return fs.readdirSync("/data/files")`), []);
    const large = Buffer.alloc(3_000_000, "0123456789abcdef!");
    await put("top.txt", "hello");
    await put("in/large.bin", large);
    await put("in/deep/ä b.txt", "deep");
    await put("in/empty", "");
    const below = "x".repeat(60);
    await put(`${below}/${below}/file`, "far");
    const seen = await eventually(
      "the objects",
      () => run(`return fs.readdirSync("/data/files")`) as Promise<string[]>,
      (names) => names.length === 3,
    );
    assert.deepEqual(seen.toSorted(), ["in", "top.txt", below]);
    assert.equal(await run(`return fs.readFileSync("/data/files/top.txt", "utf8")`), "hello");
    assert.equal(await run(`return fs.readFileSync("/data/files/in/deep/ä b.txt", "utf8")`), "deep");
    assert.equal(await run(`return fs.readFileSync("/data/files/in/empty", "utf8")`), "");
    assert.equal(await run(`return fs.readFileSync("/data/files/${below}/${below}/file", "utf8")`), "far");
    const entries = await run(
      `return fs.readdirSync("/data/files/in", { withFileTypes: true }).map((entry) => [entry.name, entry.isDirectory()]).sort()`,
    );
    assert.deepEqual(entries, [
      ["deep", true],
      ["empty", false],
      ["large.bin", false],
    ]);
    const sum = await run(
      `const { createHash } = await import("node:crypto"); return createHash("sha256").update(fs.readFileSync("/data/files/in/large.bin")).digest("hex")`,
    );
    assert.equal(sum, createHash("sha256").update(large).digest("hex"));
    assert.equal(
      await run(
        `const file = fs.openSync("/data/files/in/large.bin"); const bytes = Buffer.alloc(5); fs.readSync(file, bytes, 0, 5, 1_700_000); return bytes.toString()`,
      ),
      large.subarray(1_700_000, 1_700_005).toString(),
    );
  });

  test("shows what was changed, and is for reading", async () => {
    await put("top.txt", "another");
    await platform.client.removeObject("folder:files", "in/empty");
    await eventually(
      "the new content",
      () => run(`return fs.readFileSync("/data/files/top.txt", "utf8")`),
      (text) => text === "another",
    );
    await eventually(
      "the removal",
      () => run(`return fs.existsSync("/data/files/in/empty")`),
      (isThere) => isThere === false,
    );
    for (const code of [
      `fs.writeFileSync("/data/files/new", "x")`,
      `fs.appendFileSync("/data/files/top.txt", "x")`,
      `fs.unlinkSync("/data/files/top.txt")`,
      `fs.mkdirSync("/data/files/made")`,
      `fs.renameSync("/data/files/top.txt", "/data/files/other")`,
    ])
      assert.equal(await run(code), "EROFS", code);
    assert.equal(await run(`return fs.readFileSync("/data/files/none", "utf8")`), "ENOENT");
  });

  test("is listed whole, however long it is", async () => {
    const names = Array.from({ length: 1_500 }, (_, at) => `many/${String(at).padStart(4, "0")}`);
    for (let at = 0; at < names.length; at += 100) await Promise.all(names.slice(at, at + 100).map((name) => put(name, name)));
    const listed = await eventually(
      "the folder",
      () => run(`return fs.readdirSync("/data/files/many")`) as Promise<string[]>,
      (found) => found.length >= names.length,
    );
    assert.deepEqual(
      listed.toSorted().map((name) => `many/${name}`),
      names,
    );
  });

  test("is one that another app shares, until it does not; a machine of an app that it is not shared with does not start", async () => {
    const { manifest, bundles } = await bundleApp(join(projectDir, "test/apps/mounts/node"));
    const bindings = { FILES: { bucket: "lent", of: "owner" } };
    const mounts = [{ bucket: "lent", of: "owner", path: "/data/lent" }];
    const owner = (...shares: { bucket: string; with: string; access: "read" }[]) =>
      platform.client.deploy({ ...manifest, name: "owner", bindings: { FILES: { bucket: "lent" } }, shares }, bundles);
    const seen = async (app: string): Promise<unknown> => {
      const response = await platform.call(`/${app}/main`, { method: "POST", body: `return fs.readFileSync("/data/lent/a", "utf8")` });
      const text = await response.text();
      if (response.status !== 200) return response.status;
      const { value, error } = JSON.parse(text) as { value?: string; error?: string };
      return error ?? value;
    };
    await owner({ bucket: "lent", with: "borrower", access: "read" });
    for (const name of ["borrower", "stranger"]) await platform.client.deploy({ ...manifest, name, bindings, mounts }, bundles);
    assert.equal(await seen("borrower"), "ENOENT");
    await platform.client.putObject("owner:lent", { key: "a" }, Readable.from([Buffer.from("lent")]));
    await eventually(
      "the object",
      () => seen("borrower"),
      (text) => text === "lent",
    );
    assert.equal(await seen("stranger"), 503);
    await owner();
    await eventually(
      "the end of the share",
      () => seen("borrower"),
      // ESTALE, for which Node has no word.
      (text) => /-116/.test(String(text)),
    );
  });

  test("is refused where no binding names it", async () => {
    const { manifest, bundles } = await bundleApp(join(projectDir, "test/apps/mounts/node"));
    const refused = { ...manifest, name: "unbound", mounts: [{ bucket: "files", path: "/data/files" }] };
    await assert.rejects(platform.client.deploy(refused, bundles), {
      code: "bad-manifest",
      message: /must be a bucket that bindings name/,
    });
  });
});
