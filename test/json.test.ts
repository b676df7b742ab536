/** What commands print with --json, and the schemas that docs/ has of it. Commands run in this process, which is what makes nearly all of them cheap to run. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Command } from "commander";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { until } from "../src/base/clock/until.ts";
import { commands } from "../src/cli/commands.ts";
import { completedCommands } from "../src/cli/completion-words.ts";
import { outputs } from "../src/cli/outputs/outputs.ts";
import { mayfly } from "./command.ts";
import { commandSchemas, fileOf, pageFile, pageWithList, schemasFolder, schemaText } from "./command-schemas.ts";
import { assertDocumented, commandOf } from "./documented.ts";
import { createKey } from "./lambda/key.ts";
import { copyApp, createScope, deploy, type Platform, projectDir, startPlatform, temporaryFolder } from "./platform.ts";

/** Its --json names a file, which has a format of its own. */
const WRITES_A_FILE = new Set(["bench"]);

/** Commands that need machines of their own, an image, or minutes: the tests that run them hold their output against the schemas, too. */
const RUN_ELSEWHERE: Record<string, string> = {
  serve: "test/command.ts",
  demo: "test/demo.test.ts",
  dev: "test/dev.test.ts",
  simulate: "test/simulate.test.ts",
  "test-app": "test/test-app.test.ts",
  "backup create": "test/backup.test.ts",
  "backup restore": "test/backup.test.ts",
  "appliance run": "test/appliances.test.ts",
  "appliance list": "test/appliances.test.ts",
  "appliance logs": "test/appliances.test.ts",
  "appliance start": "test/appliances.test.ts",
  "appliance stop": "test/appliances.test.ts",
  "appliance remove": "test/appliances.test.ts",
  "image build": "test/image-modules.test.ts",
  "image list": "test/image-modules.test.ts",
  "image inspect": "test/image-modules.test.ts",
  "image diff": "test/image-modules.test.ts",
  "image check": "test/image-modules.test.ts",
  "image prune": "test/image-modules.test.ts",
  "image clean": "test/image-modules.test.ts",
};
/** They change the host, are what runs this, or move whole images. Their types are checked by the compiler, and nothing else. */
const NOT_RUN = new Set(["setup", "test", "check", "image export", "image push", "image pull"]);

describe("the schemas of --json", () => {
  test("are those that docs/ has: `node test/command-schemas.ts` writes them", () => {
    const schemas = commandSchemas();
    assert.deepEqual(readdirSync(schemasFolder).toSorted(), [...schemas.keys()].map(fileOf).toSorted());
    for (const [name, schema] of schemas) assert.equal(readFileSync(join(schemasFolder, fileOf(name)), "utf8"), schemaText(schema), name);
    const page = readFileSync(pageFile, "utf8");
    assert.equal(page, pageWithList(page));
  });

  test("are there for every command that has --json, and for no other", async () => {
    const have = (await completedCommands())
      .filter(({ words }) => words.some(({ word }) => word === "--json"))
      .map(({ path }) => path.join(" "));
    assert.deepEqual(Object.keys(outputs).toSorted(), have.filter((name) => !WRITES_A_FILE.has(name)).toSorted());
  });
});

describe("what commands print with --json", () => {
  const scope = createScope();
  let platform: Platform;
  let folder: string;
  const seen = new Set<string>();

  before(async () => {
    platform = await startPlatform(scope, { driver: "process" }, { development: { isEphemeral: true } });
    folder = join(temporaryFolder(scope), "shop");
    process.env["MAYFLY_STATE_DIR"] = platform.stateDir;
  });
  after(async () => {
    delete process.env["MAYFLY_STATE_DIR"];
    await scope.close();
  });

  /** Runs a command as main.ts does, and resolves with what it printed, which is held against its schema. */
  async function json(...args: string[]): Promise<any> {
    const printed: string[] = [];
    const { log, error } = console;
    const write = process.stdout.write.bind(process.stdout);
    const all = [...args, "--json"];
    const program = new Command("mayfly").exitOverride();
    const entry = commands.find(({ name }) => name === args[0])!;
    await (await entry.load()).define(program.command(entry.name));
    console.log = (text: string) => void printed.push(`${text}\n`);
    console.error = () => undefined;
    if (args[0] === "completion") process.stdout.write = (text: unknown) => printed.push(String(text)) > 0;
    try {
      await program.parseAsync(all, { from: "user" });
    } finally {
      Object.assign(console, { log, error });
      process.stdout.write = write;
      process.exitCode = undefined;
    }
    const name = commandOf(args)!;
    const text = printed.join("");
    assert.notEqual(text, "", name);
    assertDocumented(name, text);
    seen.add(name);
    return JSON.parse(text.includes("\n{") ? text.split("\n")[0]! : text);
  }

  /** Its functions may be hello.ts and never.ts, which always fails. */
  async function deployOwn(manifest: object): Promise<void> {
    const never = 'export const handler = async () => { throw new Error("it never works"); };';
    const own = copyApp(scope, "examples/hello", { "mayfly.json": JSON.stringify(manifest), "never.ts": never });
    await json("deploy", own);
  }

  test("apps: made, deployed, called, pointed, explained, billed, removed", async () => {
    await json("init", folder);
    await json("init", "--list");
    await json("deploy", folder, "--dry-run");
    await json("deploy", join(projectDir, "examples/serverless"), "--dry-run");
    const { revision } = await json("deploy", folder);
    await json("invoke", "shop/hello");
    await json("invoke", "shop/hello", "--repeat", "3");
    const { invocation } = (await platform.client.recentCalls("shop"))[0]!;
    await json("replay", invocation, "--app", "shop");
    writeFileSync(
      join(folder, "hello.ts"),
      `export default { fetch() { console.log("hey"); return new Response("hey", { headers: [["set-cookie", "a=1"], ["set-cookie", "b=2"]] }); } };`,
    );
    const next = await json("deploy", folder, "--canary", "50", "--for", "1h");
    assert.equal(next.canary.state, "running");
    await json("list");
    await json("promote", "shop");
    const { headers } = await json("invoke", "shop/hello");
    assert.equal(headers["set-cookie"].length, 2);
    await json("versions", "shop");
    await json("rollback", "shop");
    await json("alias", "set", "shop", "blue", String(revision), "--sticky", "cookie:who");
    await json("alias", "list", "shop");
    await json("alias", "remove", "shop", "blue");
    await json("secret", "set", "shop", "KEY", "--value", "x");
    await json("secret", "list", "shop");
    await json("secret", "remove", "shop", "KEY");
    await json("sign", "shop/hello", "--for", "1m");
    await json("sign", "shop", "--rotate");
    await json("limit", "set", "shop", "--requests", "1000");
    await json("limit", "show", "shop");
    await json("limit", "list");
    await json("explain", "shop");
    assert.match((await json("logs", "shop")).text, /./);
    await json("calls", "shop");
    await json("calls", "shop", invocation);
    await json("ps");
    await json("top", "--once", "--every", "1");
    await json("bill");
    await json("bill", "shop");
    await json("status");
    await json("remove", "shop", "--yes");
  });

  test("what functions keep: queues, buckets, keys, databases", async () => {
    await deployOwn({ name: "kept", bindings: { KV: { kv: "main" }, DB: { sql: "main" } }, functions: { hello: { entry: "hello.ts" } } });
    await json("queue", "create", "dead");
    await json("queue", "create", "jobs", "--dead-letters", "dead");
    await json("queue", "send", "jobs", "one");
    await json("queue", "send", "dead", "two");
    assert.equal((await json("queue", "peek", "jobs"))[0].body, "one");
    await json("queue", "list");
    await json("queue", "show", "jobs");
    await json("queue", "share", "jobs", "kept");
    await json("queue", "redrive", "dead", "--to", "jobs");
    await json("queue", "purge", "jobs", "--yes");
    await json("queue", "delete", "jobs", "--yes");
    const file = join(temporaryFolder(scope), "file");
    writeFileSync(file, "text");
    await json("bucket", "create", "papers");
    await json("bucket", "put", "papers", "a/one", file, "--type", "text/plain");
    await json("bucket", "ls", "papers");
    await json("bucket", "ls", "papers", "--all");
    await json("bucket", "get", "papers", "a/one", `${file}.copy`);
    await json("bucket", "list");
    await json("bucket", "show", "papers");
    await json("bucket", "rm", "papers", "a/one");
    await json("bucket", "remove", "papers", "--force");
    await json("kv", "put", "kept", "main", "key", "value", "--metadata", '{"a":1}', "--ttl", "600");
    await json("kv", "get", "kept", "main", "key");
    await json("kv", "list", "kept");
    await json("kv", "list", "kept", "main");
    await json("kv", "delete", "kept", "main", "key");
    await json("sql", "run", "kept", "main", "CREATE TABLE t (a, b); INSERT INTO t VALUES (1, x'00'), ('x', NULL); SELECT * FROM t");
    await json("sql", "list", "kept");
    const { at } = await json("sql", "copy", "kept", "main");
    await json("sql", "copies", "kept", "main");
    await json("sql", "restore", "kept", "main", "--at", new Date(at).toISOString(), "--as", "again");
    await json("sql", "export", "kept", "main", "--file", `${file}.sql`);
    await json("sql", "import", "kept", "other", `${file}.sql`);
    await json("sql", "remove", "kept", "again", "--force");
  });

  test("work that is done later: events, dead letters, triggers, durable executions", async () => {
    const triggers = [{ name: "yearly", schedule: "0 0 1 1 *" }];
    await deployOwn({ name: "later", functions: { never: { entry: "never.ts", async: { attempts: 1 }, triggers } } });
    const { id } = await json("events", "send", "later", "never", "--delay", "3600");
    const other = await json("events", "send", "later", "never", "--delay", "3600");
    await json("events", "list", "later");
    await json("events", "show", "later", id);
    await json("events", "pause", "later", "never");
    await json("events", "resume", "later", "never");
    await json("events", "cancel", "later", other.id);
    await json("events", "retry", "later", id);
    await until(async () => (await platform.client.deadLetters("later", {})).events.length > 0);
    await json("dlq", "list", "later");
    await json("dlq", "show", "later", id);
    await json("dlq", "redrive", "later");
    await json("dlq", "purge", "later", "--yes");
    await json("trigger", "list", "later");
    await json("trigger", "pause", "later", "yearly");
    await json("trigger", "resume", "later", "yearly");
    await json("trigger", "fire", "later", "yearly");
    await deploy(platform.client, "test/apps/durable");
    const credentials = await createKey(platform.running.apiUrl, platform.stateDir);
    const lambda = new LambdaClient({ endpoint: platform.running.apiUrl, region: "us-east-1", credentials, maxAttempts: 1 });
    for (const DurableExecutionName of ["answered", "stopped"])
      await lambda.send(
        new InvokeCommand({ FunctionName: "durable--flows", InvocationType: "Event", DurableExecutionName, Payload: '{"flow":"approve"}' }),
      );
    lambda.destroy();
    for (const run of ["answered", "stopped"])
      await until(async () => (await platform.client.run("durable", run)).waitsFor.some(({ callbackId }) => callbackId !== null));
    await json("runs", "list", "durable");
    await json("runs", "show", "durable", "answered");
    await json("runs", "history", "durable", "answered");
    await json("runs", "answer", "durable", "answered", "yes");
    await json("runs", "stop", "durable", "stopped", "--reason", "no more");
    await json("runs", "show", "durable", "stopped");
  });

  test("the server: tenants, tokens, keys, audit, and this host", async () => {
    await json("tenant", "create", "acme");
    await json("tenant", "limit", "acme", "--spend", "3");
    await json("tenant", "list");
    const token = await json("token", "create", "ada", "--role", "reader", "--tenant", "acme");
    await json("token", "list");
    await json("token", "revoke", token.id);
    const key = await json("key", "create", "ada", "--role", "reader", "--tenant", "acme", "--expires", "1h");
    await json("key", "list");
    await json("key", "revoke", key.id);
    await json("audit", "-n", "50");
    await json("tenant", "remove", "acme", "--yes", "--force");
    await json("doctor");
    await json("mcp");
    await json("completion", "bash");
  });

  test("a unit for systemd; from a clone that units do not see, the refusal", async () => {
    if (!/^\/(var\/)?tmp\//.test(realpathSync(projectDir))) {
      await json("install", "--print", "--state", "/srv/mayfly");
      return;
    }
    const { stderr, code } = await mayfly(["install", "--print", "--state", "/srv/mayfly", "--json"]);
    assert.equal(code, 2);
    assertDocumented("error", stderr);
    assert.match(stderr, /a \/tmp and \/var\/tmp of its own/);
    seen.add("install");
  });

  test("a command that fails prints an error by its schema", async () => {
    const { stderr, code } = await mayfly(["explain", "nobody", "--json"], {
      env: { MAYFLY_STATE_DIR: platform.stateDir },
    });
    assert.equal(code, 1);
    assertDocumented("error", stderr);
  });

  test("every command was run here or is run by another test, which holds it against its schema", () => {
    const missed = Object.keys(outputs).filter((name) => !seen.has(name) && RUN_ELSEWHERE[name] === undefined && !NOT_RUN.has(name));
    assert.deepEqual(missed, []);
    for (const [name, file] of Object.entries(RUN_ELSEWHERE)) {
      const text = readFileSync(join(projectDir, file), "utf8");
      for (const word of name.split(" ")) assert.match(text, new RegExp(`"${word}"`), `${file} runs ${name}`);
      assert.match(text, /"--json"/);
    }
  });
});
