/** Buckets and objects by the command line and the management API, on a whole server without a port for S3. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { createClient } from "../src/doors/admin/client.ts";
import { mayfly, type Server, serve } from "./command.ts";
import { createScope, deploy, eventually, temporaryFolder } from "./platform.ts";

describe("mayfly bucket", () => {
  const scope = createScope();
  let stateDir: string;
  let folder: string;
  let server: Server;
  before(async () => {
    stateDir = temporaryFolder(scope);
    folder = temporaryFolder(scope);
    server = await serve(scope, stateDir, ["--driver", "process", "--blanks", "0"]);
  });
  after(() => scope.close());

  const run = (args: string[], input?: string, env?: NodeJS.ProcessEnv) =>
    mayfly(["bucket", ...args, "--api", server.apiUrl, "--state", stateDir], {
      ...(input !== undefined && { input }),
      ...(env && { env }),
    });
  const done = async (...args: string[]) => {
    const { code, stdout, stderr } = await run(args);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  const json = async (...args: string[]) => JSON.parse(await done(...args, "--json")) as never;
  const digest = (bytes: Uint8Array) => createHash("md5").update(bytes).digest("hex");

  test("makes a bucket, puts files into it, lists them as in a folder, and gets them back", async () => {
    assert.match(await done("create", "photos"), /The bucket photos is there/);
    // Larger than what is kept in the index, and than what the other routes take.
    const large = Buffer.alloc(3_000_000, "mayfly");
    writeFileSync(join(folder, "large"), large);
    const stored = { key: "in/large.bin", bytes: large.length, etag: digest(large), version: null };
    assert.deepEqual(await json("put", "photos", "in/large.bin", join(folder, "large"), "--type", "image/x-large"), stored);
    const { code, stderr } = await run(["put", "photos", "in/ä b.txt"], "hello");
    assert.equal(code, 0, stderr);
    await done("put", "photos", "top.txt", join(folder, "large"));
    const page = (await json("ls", "photos")) as { objects: { key: string }[]; prefixes: string[]; next: null };
    assert.deepEqual([page.objects.map(({ key }) => key), page.prefixes, page.next], [["top.txt"], ["in/"], null]);
    const inside = (await json("ls", "photos", "in/")) as { objects: { key: string; bytes: number; type: string }[] };
    assert.deepEqual(
      inside.objects.map(({ key, bytes, type }) => [key, bytes, type]),
      [
        ["in/large.bin", large.length, "image/x-large"],
        ["in/ä b.txt", 5, "application/octet-stream"],
      ],
    );
    assert.match(await done("ls", "photos", "--all", "--limit", "2"), /in\/large.bin +3000000 .*There are more: --after in\/ä b.txt/s);
    const target = join(folder, "back");
    assert.deepEqual(await json("get", "photos", "in/large.bin", target), { key: "in/large.bin", bytes: large.length, file: target });
    assert.equal(digest(readFileSync(target)), digest(large));
    assert.equal(await done("get", "photos", "in/ä b.txt"), "hello");
    const bucket = (await json("show", "photos")) as { objects: number; bytes: number; app: null };
    assert.deepEqual([bucket.objects, bucket.bytes, bucket.app], [3, 2 * large.length + 5, null]);
    await done("rm", "photos", "top.txt", "none");
    assert.equal(((await json("show", "photos")) as { objects: number }).objects, 2);
  });

  test("says what is wrong, by words and exit codes", async () => {
    const refused = async (...args: string[]) => {
      const { code, stderr } = await run(args);
      return [code, stderr.split("\n")[0]!.replace(/^.*error:\S* /, "")];
    };
    assert.deepEqual(await refused("show", "none"), [1, "There is no bucket none."]);
    assert.deepEqual(await refused("get", "photos", "none", join(folder, "none")), [
      1,
      "There is no such object none, or no such version of it.",
    ]);
    assert.ok(!existsSync(join(folder, "none")));
    assert.equal(
      readdirSync(folder).some((name) => name.startsWith(".none")),
      false,
    );
    assert.equal((await refused("put", "photos", "a", join(folder, "missing")))[0], 5);
    assert.deepEqual(await refused("remove", "photos"), [5, "The bucket photos has objects, or versions of objects."]);
    assert.equal((await refused("create", "No_Bucket"))[0], 2);
    assert.match(await done("remove", "photos", "--force"), /is removed/);
    assert.equal((await refused("show", "photos"))[0], 1);
  });

  test("names an app's own bucket as the app does, and leaves it to the app", async () => {
    const client = createClient({ url: server.apiUrl, token: readFileSync(join(stateDir, "api-token"), "utf8").trim() });
    await deploy(client, "test/apps/bucket-triggers", { env: { FILE: join(folder, "noted") } });
    await done("put", "bucket-triggers:files", "kept", join(folder, "large"));
    const [listed, more] = (await json("list", "--app", "bucket-triggers")) as {
      name: string;
      app: string;
      called: string;
      objects: number;
    }[];
    assert.equal(more, undefined);
    assert.match(listed!.name, /^files-[\da-f]{12}$/);
    assert.deepEqual([listed!.app, listed!.called, listed!.objects], ["bucket-triggers", "files", 1]);
    const { code, stderr } = await run(["remove", "bucket-triggers:files", "--force"]);
    assert.equal(code, 2);
    assert.match(stderr, /the bucket belongs to an app, and goes with it/);
    assert.equal((await run(["show", "none:files"])).code, 1);

    await client.createTenant("acme");
    const own = await run(["list", "--tenant", "acme", "--json"]);
    assert.deepEqual([own.code, JSON.parse(own.stdout)], [0, []]);
    assert.equal((await run(["show", listed!.name, "--tenant", "acme"])).code, 1);
    const taken = await run(["create", listed!.name, "--tenant", "acme"]);
    assert.deepEqual([taken.code, /another tenant's bucket's/.test(taken.stderr)], [5, true]);

    const bounded = await client.createToken({ principal: "bounded", role: "deployer", apps: ["bucket-triggers"] });
    await done("create", "of-the-tenant");
    const seen = await run(["list", "--json"], undefined, { MAYFLY_TOKEN: bounded.token });
    assert.deepEqual(
      (JSON.parse(seen.stdout) as { name: string }[]).map(({ name }) => name),
      [listed!.name],
    );
    assert.equal((await run(["ls", "of-the-tenant"], undefined, { MAYFLY_TOKEN: bounded.token })).code, 1);
  });

  test("is on the bill of whom a bucket belongs to, and bounded by what its tenant may keep", async () => {
    const client = createClient({ url: server.apiUrl, token: readFileSync(join(stateDir, "api-token"), "utf8").trim() });
    await done("get", "bucket-triggers:files", "kept", join(folder, "out"));
    const lineOf = async (app: string, what: string) =>
      (await client.bill()).apps.find((bill) => bill.app === app)?.lines.find((line) => line.what === what)?.quantity ?? 0;
    const out = await eventually(
      "the bytes that were read",
      () => lineOf("bucket-triggers", "object-out"),
      (quantity) => quantity > 0,
    );
    assert.equal(out, 3_000_000 / 2 ** 30);
    assert.ok((await lineOf("bucket-triggers", "object-writes")) >= 1);
    assert.ok((await lineOf("(services)", "object-writes")) >= 1, "what belongs to no app is on no bill");
    const { stdout } = await mayfly(["bill", "bucket-triggers", "--api", server.apiUrl, "--state", stateDir]);
    assert.match(stdout, /out of buckets +0\.002794 GB/);

    await client.limitTenant("acme", { objectsMb: 1 });
    assert.equal((await run(["create", "small", "--tenant", "acme"])).code, 0);
    const put = async (key: string) => run(["put", "small", key, "--tenant", "acme"], "x".repeat(700_000));
    assert.equal((await put("a")).code, 0);
    const { code, stderr } = await put("b");
    assert.equal(code, 1);
    assert.match(stderr, /The tenant has 1048576 bytes already, the most that it may have/);
  });
});
