/** Changes of key-value stores that start functions, on a server that is killed meanwhile. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createClient } from "../src/doors/admin/client.ts";
import { mayfly, serve } from "./command.ts";
import { deploy, eventually, temporaryFolder } from "./platform.ts";

interface Told {
  kv: string;
  type: string;
  key?: string;
  version: number;
}

test("each change of a store starts a function, and so do those of which a killed server had not told", async (context) => {
  const stateDir = temporaryFolder(context);
  const file = join(stateDir, "noted");
  writeFileSync(file, "");
  const begin = () => serve(context, stateDir, ["--driver", "process", "--blanks", "1"]);
  const clientOf = (url: string) => createClient({ url, token: readFileSync(join(stateDir, "api-token"), "utf8").trim() });
  let server = await begin();
  let client = clientOf(server.apiUrl);
  const told = () =>
    readFileSync(file, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Told);
  const put = async (key: string) => (await client.putKeyValue("kv-triggers", "main", key, { value: "x", base64: false })).version;
  const all = async (versions: number[]) =>
    eventually(
      `the changes ${versions.join()}`,
      () => new Set(told().map(({ version }) => version)),
      (seen) => versions.every((version) => seen.has(version)),
    );
  await deploy(client, "test/apps/kv-triggers", { env: { FILE: file } });
  const marked = async () =>
    eventually(
      "the trigger",
      () => client.triggers("kv-triggers"),
      (triggers) => triggers.length === 1,
    );
  await marked();
  await put("other/1");
  const first = await eventually(
    "a change that is told of",
    async () => {
      const version = await put("in/first");
      return { version, told: told() };
    },
    (seen) => seen.told.length > 0,
  );
  assert.deepEqual(Object.keys(first.told[0]!).toSorted(), ["bytes", "key", "kv", "metadata", "type", "version"]);

  const versions: number[] = [];
  for (let round = 0; round < 3; round++) {
    for (let key = 0; key < 20; key++) versions.push(await put(`in/${round}/${key}`));
    server.child.kill("SIGKILL");
    await server.end("SIGKILL");
    server = await begin();
    client = clientOf(server.apiUrl);
  }
  await all(versions);
  assert.ok(told().every(({ key }) => key!.startsWith("in/")));
  const { fired } = (await client.triggers("kv-triggers"))[0]!;
  const changes = new Set(told().map(({ version }) => version)).size;
  assert.equal(fired, changes, "a change became two events, or none");

  await client.removeKeyValue("kv-triggers", "main", "in/0/0");
  await eventually("the removal", told, (seen) => seen.some(({ type, key }) => type === "removed" && key === "in/0/0"));
  await client.pauseTrigger("kv-triggers", "stored", true);
  const whilePaused = await put("in/paused");
  await client.fireTrigger("kv-triggers", "stored", {});
  await eventually("the sample", told, (seen) => seen.some(({ key }) => key === "in/sample"));
  const { stdout } = await mayfly(["trigger", "list", "kv-triggers", "--state", stateDir]);
  assert.match(stdout, /stored +note +changes of main, keys in\/… .*paused/);
  await put("other/2");
  await client.pauseTrigger("kv-triggers", "stored", false);
  await all([await put("in/after")]);
  assert.ok(
    !told().some(({ version, key }) => version === whilePaused && key === "in/paused"),
    "what came while it was paused was told of",
  );
});
