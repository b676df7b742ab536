/** The commands, as a user types them, against a served platform. The file is long because all tests share that server. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Command } from "commander";
import { commands } from "../src/cli/commands.ts";
import { type Outcome, type Server, firstLine, mayfly, serve, start } from "./command.ts";
import { createScope, temporaryFolder } from "./platform.ts";
import { afterwards } from "../src/base/testing/afterwards.ts";
import { until } from "../src/base/clock/until.ts";

/** What `mayfly NAME --help` prints, without a process for each command. */
async function helpOf(name: string): Promise<string> {
  let help = "";
  const output = { writeOut: (text: string) => void (help += text), getOutHelpWidth: () => 80, getOutHasColors: () => false };
  const command = new Command("mayfly").command(name).configureOutput(output);
  const entry = commands.find((each) => each.name === name)!;
  await (await entry.load()).define(command.summary(entry.summary).description(entry.summary));
  command.outputHelp();
  return help;
}

describe("the command line", () => {
  const scope = createScope();
  let state: string;
  let server: Server;
  before(async () => {
    state = temporaryFolder(scope);
    server = await serve(scope, state, ["--driver", "process"]);
  });
  after(() => scope.close());

  const run = (...args: string[]) => mayfly(args, { env: { MAYFLY_STATE_DIR: state } });
  const good = async (...args: string[]) => {
    const outcome = await run(...args);
    assert.equal(outcome.code, 0, outcome.stderr);
    return outcome.stdout;
  };
  const json = async (...args: string[]) => JSON.parse(await good(...args, "--json")) as Record<string, any>;
  const bad = (outcome: Outcome, code: number, pattern: RegExp) => {
    assert.match(outcome.stderr, pattern);
    assert.equal(outcome.code, code);
  };

  test("every command has --help with an example, and --json", async () => {
    const overview = await good("--help");
    for (const { name, summary } of commands) {
      assert.ok(overview.includes(name) && overview.includes(summary));
      const help = await helpOf(name);
      assert.match(help, new RegExp(`Examples?:\n  .*mayfly ${name}`), name);
      if (!/^Commands:/m.test(help)) assert.match(help, /--json/, name);
    }
    assert.match(overview, /Exit codes:\n {2}0 {2}done/);
    assert.equal(await good("invoke", "--help"), await helpOf("invoke"));
  });

  test("docs/cli.md has every command and the exit codes of --help", async () => {
    const docs = readFileSync(new URL("../docs/cli.md", import.meta.url), "utf8");
    for (const { name } of commands) assert.match(docs, new RegExp(`^\\| \`${name}[ \`]`, "m"), name);
    for (const [, code, meaning] of (await good("--help")).matchAll(/^ {2}(\d) {2}(.+)$/gm))
      assert.ok(docs.includes(`| ${code} | ${meaning} |`), `exit code ${code}`);
  });

  test("init, deploy, invoke, list, ps, explain, logs, remove", async () => {
    const dir = join(temporaryFolder(scope), "shop");
    assert.deepEqual((await json("init", dir)).files, ["mayfly.json", "hello.ts"]);
    bad(await run("init", dir), 5, /already exists/);
    const { version, revision, digest } = await json("deploy", dir);
    assert.match(`${version} ${revision} ${digest}`, /^rev_\w{16} 1 [0-9a-f]{64}$/);
    assert.equal(await good("invoke", "shop/hello?name=Ada"), "Hello, Ada!\n");
    assert.deepEqual((await json("invoke", "shop/hello")).status, 200);
    assert.match(
      await good("invoke", "-i", "shop/hello"),
      /^HTTP\/1\.1 200 OK\n(\S+: .*\n)*x-mayfly-invocation: .*\n(\S+: .*\n)*\nHello, world!\n$/i,
    );
    for (const other of ["--json", "--repeat=2"]) bad(await run("invoke", "-i", other, "shop/hello"), 2, /cannot be used with/);
    assert.equal((await json("list")).apps[0].app, "shop");
    assert.match(await good("list"), /^APP +FUNCTIONS +RUNTIMES +KERNEL +REVISION.*\nshop +hello +node +default /);
    assert.equal(await good("alias", "set", "shop", "canary", "1=3"), "The alias canary of shop names revision 1.\n");
    assert.match(await good("alias", "list", "shop"), /^ALIAS +REVISIONS\ncanary +revision 1\nlive +revision 1\n$/);
    bad(await run("alias", "set", "shop", "live", "7"), 1, /no revision 7/);
    assert.equal(await good("alias", "remove", "shop", "canary"), "Removed the alias canary of shop.\n");
    assert.ok((await json("ps")).machines.some(({ app }: { app: string }) => app === "shop"));
    assert.match(await good("ps"), /^MACHINE +APP +REVISION +DRIVER +KIND +STATE +SLOTS +MEMORY +CPU +AGE\n/);
    const machine = (await json("ps")).machines.find(({ app }: { app: string }) => app === "shop").id as string;
    assert.match(
      await good("explain", "shop"),
      new RegExp(`^shop now\n[^]*Machine ${machine} [^]*\n${machine}\n.* started: .*\n.* bound to`),
    );
    const { decisions } = await json("explain", "shop", "--limit", "1");
    assert.deepEqual([decisions.length, decisions[0].machine, decisions[0].what], [1, machine, "ready"]);
    bad(await run("explain", "nobody"), 1, /no app nobody/);
    bad(await run("remove", "shop"), 2, /--yes/);
    assert.equal(await good("remove", "shop", "--yes"), "Removed shop.\n");
    bad(await run("invoke", "shop/hello"), 1, /Nothing is routed at \/shop\/hello/);
  });

  test("invoke passes method, path, headers and data, and sums up repeated calls", async () => {
    await good("deploy", "examples/hono");
    const note = ["--path", "/notes", "--header", "content-type: application/json", "--data", '{"text":"milk"}'];
    assert.deepEqual(JSON.parse(await good("invoke", "hono/api", ...note)), { id: 1, text: "milk" });
    bad(await run("invoke", "hono/api", "--path", "/notes", "--method", "delete"), 1, /status is 404/);
    const summary = await json("invoke", "hono/api", "--repeat", "50", "--concurrency", "5");
    assert.deepEqual([summary.calls, summary.errors, summary.outcomes], [50, 0, { 200: 50 }]);
    assert.ok(summary.latencyMs.p50 > 0 && summary.latencyMs.max >= summary.latencyMs.p99);
    assert.match(await good("invoke", "hono/api", "--repeat", "3"), /^3 calls in .*\nlatency: p50 .*\nreplies: 3 × 200\n$/);
  });

  test("limits are set one by one, and lifted with none", async () => {
    assert.match(await good("limit", "set", "capped", "--spend", "5", "--requests", "100"), /^Limits of capped a month: .*5.*100/);
    assert.deepEqual((await json("limit", "set", "capped", "--requests", "none")).limits, { spend: 5, requests: null, cpuSeconds: null });
    assert.equal(await good("limit", "set", "capped", "--spend", "none"), "capped has no limits, and there is no app of that name.\n");
    assert.equal(await good("limit", "list"), "No app has limits.\n");
  });

  test("a tenant's token makes every command work in that tenant", async () => {
    assert.equal(await good("tenant", "create", "acme"), "There is a tenant acme now.\n");
    const { token, id } = await json("token", "create", "ada", "--role", "tenant-admin", "--tenant", "acme", "--expires", "1h");
    const env = { MAYFLY_API: server.apiUrl, MAYFLY_TOKEN: token as string, MAYFLY_STATE_DIR: temporaryFolder(scope) };
    const asAda = async (...args: string[]) => {
      const outcome = await mayfly(args, { env });
      assert.equal(outcome.code, 0, outcome.stderr);
      return outcome.stdout;
    };
    assert.match(await asAda("deploy", "examples/hello"), /\/@acme\/hello\/hello /);
    assert.match(await asAda("invoke", "hello/hello?name=Ada"), /Ada/);
    assert.match(await good("invoke", "hello/hello?name=Bob", "--tenant", "acme"), /Bob/);
    assert.match(await asAda("list"), /^APP.*\nhello /);
    assert.match(await good("bill"), /^@acme\/hello /m);
    assert.match(await good("ps"), / @acme\/hello /);
    assert.doesNotMatch(await good("ps", "--tenant", "main"), / @acme\/hello | hello /);
    const [access, secret] = (await asAda("key", "create", "ci", "--role", "invoker", "--app", "hello")).split("\n");
    assert.match(`${access} ${secret}`, /^AWS_ACCESS_KEY_ID=MFLY\w{16} AWS_SECRET_ACCESS_KEY=\S{40}$/);
    assert.match(await asAda("key", "list"), /^ID .*\nMFLY\w{16} +ci +invoker +acme +hello .* never +never\n$/);
    assert.match(
      await good("tenant", "limit", "acme", "--requests-per-second", "50", "--spend", "3"),
      /^Limits of acme: 50 requests\/s, 3 to spend a month\.\n/,
    );
    bad(await mayfly(["tenant", "list"], { env }), 4, /ada may not make, limit and remove tenants: its role is tenant-admin/);
    bad(await mayfly(["list", "--tenant", "main"], { env }), 1, /There is no tenant main/);
    assert.match(await asAda("audit", "-n", "2"), / ada@acme tenants .*forbidden\n.* ada@acme apps .*no-such-tenant\n/);
    await good("token", "revoke", id as string);
    bad(await mayfly(["list"], { env }), 4, /token/);
    bad(await run("tenant", "remove", "acme", "--yes"), 5, /still has 1 app, 1 token or key/);
    assert.equal(await good("tenant", "remove", "acme", "--yes", "--force"), "Removed the tenant acme.\n");
    assert.match(await good("tenant", "list"), /^TENANT +APPS.*\nmain +\d+ .*\n$/);
  });

  test("an app is named as lists of the whole server show it: @tenant/app", async () => {
    await good("tenant", "create", "named");
    await good("deploy", "examples/hello", "--tenant", "named");
    assert.match(await good("invoke", "@named/hello/hello?name=Ada"), /Ada/);
    assert.match(await good("versions", "@named/hello"), /100 %/);
    assert.match(await good("bill", "@named/hello"), /^Bill of hello /);
    assert.match((await run("logs", "@named/hello/hello")).stderr, /no lines of hello\/hello/);
    await good("secret", "set", "@named/hello", "KEY", "--value", "x");
    assert.deepEqual((await json("secret", "list", "hello", "--tenant", "named")).names, ["KEY"]);
    bad(await run("versions", "@named/hello", "--tenant", "main"), 2, /It names the tenant named, and --tenant the tenant main/);
    bad(await run("versions", "@nobody/hello"), 1, /There is no tenant nobody/);
    assert.equal(await good("remove", "@named/hello", "--yes"), "Removed hello.\n");
    bad(await run("invoke", "@main/hello/hello", "--tenant", "main"), 1, /Nothing is routed at \/hello\/hello/);
    await good("tenant", "remove", "named", "--yes", "--force");
  });

  test("a token expires never if it is told so, and one of the whole server is not made where a tenant is named", async () => {
    const { expiresAt, id } = await json("token", "create", "forever", "--role", "reader", "--expires", "never");
    assert.equal(expiresAt, null);
    await good("token", "revoke", id as string);
    await good("tenant", "create", "bounded");
    for (const whole of [
      ["--role", "operator"],
      ["--role", "reader", "--all-tenants"],
    ])
      bad(await run("token", "create", "eve", ...whole, "--tenant", "bounded"), 2, /is of the whole server, and of no tenant/);
    assert.equal((await json("token", "list")).tokens.length, 0);
    assert.match(await good("tenant", "limit", "bounded", "--spend", "0.0000001"), /^Limits of bounded: 0\.0000001 to spend a month\./);
    await good("tenant", "remove", "bounded", "--yes");
    bad(await run("tenant", "create", "main"), 2, /the tenant main is always there/);
    bad(await run("tenant", "limit", "main", "--tenant", "main"), 2, /unknown option '--tenant'/);
  });

  test("a log that is followed ends with an error when the token is revoked", async () => {
    await good("deploy", "examples/hello");
    const { token, id } = await json("token", "create", "follower", "--role", "reader");
    const env = { MAYFLY_API: server.apiUrl, MAYFLY_TOKEN: token as string, MAYFLY_STATE_DIR: temporaryFolder(scope) };
    const following = mayfly(["logs", "-f", "hello"], { env });
    // It has been used when the follower is connected.
    await until(async () => (await json("token", "list")).tokens.some((each: { lastUsedAt: number | null }) => each.lastUsedAt !== null));
    await good("token", "revoke", id as string);
    bad(await following, 4, /needs a valid token/);
  });

  test("a path and a URL are told from a function, and where a reply leads is said", async () => {
    await good("deploy", "examples/hello");
    assert.match(await good("invoke", "/hello/hello?name=Ada"), /Ada/);
    bad(await run("invoke", `${server.gatewayUrl}/hello/hello`), 2, /is a URL; name the function as app\/function/);
    bad(await run("invoke", "hello/hello", "--concurrency", "4"), 2, /--concurrency is for calls that are repeated/);
    const site = join(temporaryFolder(scope), "site");
    mkdirSync(join(site, "public", "docs"), { recursive: true });
    for (const path of ["index.html", "docs/index.html"]) writeFileSync(join(site, "public", path), path);
    writeFileSync(join(site, "mayfly.json"), JSON.stringify({ name: "site", static: "public/" }));
    assert.match(
      await good("deploy", site),
      new RegExp(`^Deployed site, revision 1:\n {2}${server.gatewayUrl}/site/ {2}\\(the files of public/\\)\n`),
    );
    assert.match(await good("list"), /^site +\(files of public\/\)/m);
    assert.equal(await good("invoke", "site"), "index.html");
    const led = await run("invoke", "site/docs");
    assert.deepEqual([led.code, led.stderr], [0, "The reply's status is 308: it leads to /site/docs/\n"]);
  });

  test("a deploy says what stands in place of the app's folder, and which options would do nothing", async () => {
    bad(await run("deploy", "examples/hello/mayfly.json"), 2, /mayfly\.json is a file; name the app's folder, which is examples\/hello/);
    bad(await run("deploy", "examples/hello/hello.ts"), 2, /hello\.ts is a file; name the app's folder/);
    bad(await run("deploy", "no-such-folder"), 2, /there is no folder no-such-folder/);
    bad(await run("deploy", "examples/sam", "--stage", "prod"), 2, /--stage is for a serverless\.yml, and .*template\.yaml is a template/);
    bad(await run("deploy", "examples/serverless", "--stack", "Shop"), 2, /--stack is for what CDK has synthesised/);
    assert.match(await good("deploy", "examples/serverless", "--from", "serverless.yml", "--dry-run"), /^The app quotes/);
    const first = await run("deploy", "examples/calls", "--canary", "10");
    assert.deepEqual([first.code, /is no canary/.test(first.stderr)], [0, true]);
    assert.match(await good("deploy", "examples/calls", "--alias", "live"), /^Nothing changed: .* which is live already/);
  });

  test("logs show what was printed, by function", async () => {
    await good("deploy", "examples/misbehave");
    bad(await run("invoke", "misbehave/misbehave?do=throw"), 1, /threw before it replied.*\n {2}cure: /);
    assert.match(await good("logs", "misbehave/misbehave", "--lines", "5"), /thrown on demand/);
    const line = JSON.parse((await good("logs", "misbehave", "--json")).split("\n")[0]!) as { app: string };
    assert.equal(line.app, "misbehave");
  });

  test("logs -f goes on with new lines as they come", async () => {
    await good("deploy", "examples/misbehave");
    const follower = start(["logs", "-f", "-n", "0", "misbehave"], { env: { MAYFLY_STATE_DIR: state } });
    afterwards(scope, () => void follower.kill("SIGKILL"));
    const line = firstLine(follower);
    const throwing = setInterval(() => void run("invoke", "misbehave/misbehave?do=throw"), 500);
    assert.match(await line, /misbehave \S+ Error: thrown on demand/);
    clearInterval(throwing);
    follower.kill();
  });

  test("secrets are read from standard input and never shown", async () => {
    const env = { MAYFLY_STATE_DIR: state };
    assert.equal((await mayfly(["secret", "set", "probe", "API_KEY"], { env, input: "s3cret\n" })).stdout, "Set API_KEY of probe.\n");
    assert.deepEqual(await json("secret", "list", "probe"), { app: "probe", names: ["API_KEY"] });
    await good("deploy", "test/apps/probe");
    assert.equal(JSON.parse(await good("invoke", "probe/look")).API_KEY, "s3cret");
    assert.ok(!readFileSync(join(state, "catalog.db")).includes("s3cret"));
    await good("secret", "remove", "probe", "API_KEY");
    assert.equal(await good("secret", "list", "probe"), "probe has no secrets.\n");
  });

  test("the limits of a removed app remain, and remove says so", async () => {
    const dir = join(temporaryFolder(scope), "brief");
    await good("init", dir);
    await good("deploy", dir);
    await good("limit", "set", "brief", "--requests", "9");
    const { stdout, stderr } = await run("remove", "brief", "--yes");
    assert.equal(stdout, "Removed brief.\n");
    assert.match(stderr, /^note: its limits remain, .* limit show brief\n$/);
    assert.match(await good("limit", "list"), /^Limits of brief a month: requests 9\. No app of that name is deployed/);
    await good("limit", "set", "brief", "--requests", "none");
  });

  test("limits and secrets of an app that is not deployed are accepted with a note; an empty secret is refused", async () => {
    const set = await run("secret", "set", "nobody", "KEY", "--value", "x");
    assert.deepEqual([set.code, set.stdout], [0, "Set KEY of nobody.\n"]);
    assert.match(set.stderr, /^note: there is no app nobody yet: the secret is used once/);
    bad(
      await mayfly(["secret", "set", "nobody", "KEY"], { env: { MAYFLY_STATE_DIR: state }, input: "\n" }),
      2,
      /not carried out: the value is empty/,
    );
    assert.match((await run("secret", "list", "nobody")).stderr, /note: there is no app nobody/);
    assert.equal(await good("secret", "remove", "nobody", "KEY"), "Removed KEY of nobody.\n");
    assert.equal(await good("secret", "remove", "nobody", "KEY"), "nobody had no secret KEY.\n");
    const waits = "Limits of nobody a month: spending 5.00 USD. No app of that name is deployed: they count once one is.\n";
    assert.equal(await good("limit", "set", "nobody", "--spend", "5"), waits);
    assert.equal(await good("limit", "list"), waits);
    assert.equal(await good("limit", "set", "nobody", "--spend", "none"), "nobody has no limits, and there is no app of that name.\n");
  });

  test("deploy warns about a secret that is not set, and the app's log names it when a call fails because of it", async () => {
    const dir = join(temporaryFolder(scope), "needy");
    await good("init", dir);
    writeFileSync(
      join(dir, "mayfly.json"),
      JSON.stringify({ name: "needy", functions: { hello: { entry: "hello.ts" } }, secrets: ["KEY"] }),
    );
    assert.match((await run("deploy", dir)).stderr, /^warning: the secret KEY is not set: \S*mayfly secret set needy KEY\n$/);
    const failed = await run("invoke", "needy/hello");
    bad(failed, 1, /the app's log has the reason beside this invocation's id/);
    assert.doesNotMatch(failed.stderr, /KEY/);
    assert.match(await good("logs", "needy"), /No machine could be started: .*names the secret KEY, which is not set/);
    await good("secret", "set", "needy", "KEY", "--value", "x");
    const outcome = await run("deploy", dir);
    assert.deepEqual([outcome.code, outcome.stderr], [0, ""]);
    const triggers = [{ webhook: "github", secret: "HOOK" }];
    const hooked = { name: "needy", functions: { hello: { entry: "hello.ts", triggers } }, secrets: ["KEY"] };
    writeFileSync(join(dir, "mayfly.json"), JSON.stringify(hooked));
    assert.match((await run("deploy", dir)).stderr, /^warning: the secret HOOK is not set/);
    assert.equal((await run("secret", "set", "needy", "HOOK", "--value", "x")).stderr, "");
    assert.match((await run("secret", "set", "needy", "OTHER", "--value", "x")).stderr, /nothing in needy's mayfly.json names OTHER/);
    assert.equal(await good("invoke", "needy/hello"), "Hello, world!\n");
  });

  test("doctor reports every part", async () => {
    const { findings } = await json("doctor");
    for (const { part, detail } of findings) assert.ok(part && detail);
    assert.ok(findings.length > 8);
  });

  test("exit codes tell usage, conflict and unreachable apart", async () => {
    // The usual ports may be taken by whatever else runs on this host.
    const anywhere = ["--listen", "127.0.0.1:0", "--api", "127.0.0.1:0"];
    bad(await run("nonsense"), 2, /unknown command/);
    bad(await run("invoke", "x/y", "--repeat", "0"), 2, /whole number/);
    bad(await run("serve", "--driver", "docker"), 2, /driver is "docker", but must be one of "auto"/);
    bad(await run("serve", "--state", state, ...anywhere), 5, new RegExp(`pid ${server.child.pid}`));
    bad(await run("list", "--api", "http://127.0.0.1:9"), 4, /No Mayfly answers at http:\/\/127\.0\.0\.1:9/);
    // Before the code is looked at, which may take minutes, and which fails here.
    const broken = temporaryFolder(scope);
    writeFileSync(join(broken, "mayfly.json"), '{ "name": "broken", "functions": { "f": { "entry": "none.ts" } } }');
    bad(await run("deploy", broken), 2, /no such file/);
    bad(await run("deploy", broken, "--api", "http://127.0.0.1:9"), 4, /No Mayfly answers/);
    bad(await run("deploy", "docs"), 2, /mayfly\.json/);
    bad(await run("init", join(state, "api-token", "app")), 5, /api-token.* cannot be used: ENOTDIR.*\n {2}cure: Check the path/);
    bad(await run("invoke", "x/y", "--data", "@/nonexistent"), 5, /\/nonexistent cannot be used: ENOENT/);
    bad(await run("serve", "--state", join(state, "api-token"), ...anywhere), 5, /api-token cannot be (used|read or written): .*EEXIST/);
    bad(await mayfly(["invoke", "x/y"], { env: { MAYFLY_STATE_DIR: state, MAYFLY_GATEWAY: "http://[" } }), 2, /is not a URL/);
    bad(await mayfly(["list"], { env: { MAYFLY_STATE_DIR: "" } }), 2, /MAYFLY_STATE_DIR is empty/);
    const { stderr } = await run("list", "--api", "http://127.0.0.1:9", "--json");
    assert.equal((JSON.parse(stderr) as { error: { code: string } }).error.code, "api-unreachable");
  });

  test("the token's file has mode 0600, and server.json contains the server's address", async () => {
    const { mode } = await import("node:fs").then(({ statSync }) => statSync(join(state, "api-token")));
    assert.equal(mode & 0o777, 0o600);
    assert.ok(existsSync(join(state, "server.json")));
  });
});
