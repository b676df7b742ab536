/** Who may call functions, by real clients of a whole server: fetch, JWTs that jose signs, keys at a URL, signed URLs of the command line. */
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { cpSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import { bundleApp } from "../src/bundle/bundle-app.ts";
import { afterwards } from "../src/base/testing/afterwards.ts";
import { listening } from "../src/base/testing/listening.ts";
import { loadConfig } from "../src/base/config/load.ts";
import { fetchProgramRoot, hostCommand, imageSuite } from "../src/images/debian/program-root.ts";
import type { Manifest } from "../src/store/catalog/manifest.ts";
import { mayfly } from "./command.ts";
import { createScope, type Platform, projectDir, startPlatform, temporaryFolder } from "./platform.ts";

const issuer = "https://id.test";

describe("a server with functions that are not for everybody", () => {
  const scope = createScope();
  let platform: Platform;
  /** Of the issuer, whose keys are at a URL. */
  let privateKey: CryptoKey;
  let keysUrl: string;
  let keyFetches = 0;

  before(async () => {
    const pair = await generateKeyPair("ES256", { extractable: true });
    privateKey = pair.privateKey;
    const jwk: JWK = { ...(await exportJWK(pair.publicKey)), kid: "1", alg: "ES256" };
    const server = createServer((_request, response) => {
      keyFetches += 1;
      response.end(JSON.stringify({ keys: [jwk] }));
    });
    const port = await listening(server);
    afterwards(scope, () => void server.close());
    keysUrl = `http://127.0.0.1:${port}/keys`;
    platform = await startPlatform(scope, { driver: "process", blanks: 0, egress: { allow: [`127.0.0.1:${port}`] } });
  });
  after(() => scope.close());

  const token = (claims: object = {}, { ends = "5m", audience = "echo", by = issuer } = {}) =>
    new SignJWT({ ...claims })
      .setProtectedHeader({ alg: "ES256", kid: "1" })
      .setIssuer(by)
      .setAudience(audience)
      .setSubject("ada")
      .setExpirationTime(ends)
      .sign(privateKey);
  const bearer = (text: string) => ({ headers: { authorization: `Bearer ${text}` } });
  const jwtAccess = (): Manifest["access"] => ({ jwt: { issuer, audience: "echo", keys: keysUrl, claims: { scope: "call" } } });
  const statusOf = async (path: string, init?: RequestInit) => {
    const response = await platform.call(path, init);
    await response.arrayBuffer();
    return response.status;
  };

  test("refused calls start no machine and are on no bill, and a good one is called", async () => {
    await platform.deploy("test/apps/echo", { access: jwtAccess() });
    const good = await token({ scope: "read call" });
    const [header, payload, signature] = good.split(".") as [string, string, string];
    const none = Buffer.from('{"alg":"none"}').toString("base64url");
    const refused: [string, number, RequestInit?][] = [
      ["nothing", 401],
      ["no algorithm", 401, bearer(`${none}.${payload}.`)],
      ["another signature", 401, bearer(`${header}.${payload}.${signature.replace(/^./, (c) => (c === "A" ? "B" : "A"))}`)],
      ["an ended token", 401, bearer(await token({ scope: "call" }, { ends: "-1m" }))],
      ["another audience", 401, bearer(await token({ scope: "call" }, { audience: "other" }))],
      ["too few rights", 403, bearer(await token({ scope: "read" }))],
      ["the server's own token", 401, bearer(platform.running.token)],
    ];
    for (const [what, status, init] of refused) assert.equal(await statusOf("/echo/echo", init), status, what);
    assert.deepEqual(await platform.client.machines(), []);
    const billed = (await platform.client.bill()).apps.find(({ app }) => app === "echo");
    assert.equal(billed?.requests ?? 0, 0);

    const response = await platform.call("/echo/echo", { method: "POST", body: "hi", ...bearer(good) });
    assert.deepEqual([response.status, await response.text()], [200, "hi"]);
    assert.equal(keyFetches, 1);
  });

  test("the server's token calls a function for holders of tokens, and needs no machine to be refused", async () => {
    await platform.deploy("examples/hello", { access: "token", cors: { origins: ["https://page.test"] } });
    assert.equal(await statusOf("/hello/hello"), 401);
    assert.equal(await statusOf("/hello/hello", bearer("wrong")), 401);
    const asked = await platform.call("/hello/hello", {
      method: "OPTIONS",
      headers: { origin: "https://page.test", "access-control-request-method": "GET" },
    });
    assert.deepEqual([asked.status, asked.headers.get("access-control-allow-origin")], [204, "https://page.test"]);
    const response = await platform.call("/hello/hello?name=Ada", {
      headers: { authorization: `Bearer ${platform.running.token}`, origin: "https://page.test" },
    });
    assert.deepEqual(
      [response.status, await response.text(), response.headers.get("access-control-allow-origin")],
      [200, "Hello, Ada!\n", "https://page.test"],
    );
  });

  test("tokens and keys of principals call the apps that they are for, and are refused from the moment at which they are revoked", async () => {
    const { client } = platform;
    await platform.deploy("examples/hello", { access: ["token", "aws"] });
    const tokenFor = (principal: string, role: "invoker" | "reader", apps: string[] | null) =>
      client.createToken({ principal, role, apps });
    const own = await tokenFor("own", "invoker", ["hello"]);
    assert.equal(await statusOf("/hello/hello", bearer(own.token)), 200);
    assert.equal(await statusOf("/hello/hello", bearer((await tokenFor("other", "invoker", ["echo"])).token)), 403);
    assert.equal(await statusOf("/hello/hello", bearer((await tokenFor("reader", "reader", null)).token)), 403);
    await client.revokeToken(own.id);
    assert.equal(await statusOf("/hello/hello", bearer(own.token)), 401);

    const key = await client.createKey({ principal: "signer", role: "invoker", apps: ["hello"] });
    const url = `${platform.running.gatewayUrl}/hello/hello?name=Ada`;
    const root = await fetchProgramRoot({ suite: imageSuite, packages: ["curl"], cacheDir: loadConfig({}).cacheDir });
    const [program, ...rest] = await hostCommand(root, "/usr/bin/curl");
    const curl = (secret: string) =>
      promisify(execFile)(program, [
        ...rest,
        "--silent",
        "--aws-sigv4",
        "aws:amz:eu-central-1:lambda",
        "--user",
        `${key.id}:${secret}`,
        url,
      ]);
    assert.equal((await curl(key.secret)).stdout, "Hello, Ada!\n");
    assert.match((await curl("wrong")).stdout, /"credentials-refused"/);
    await client.revokeKey(key.id);
    assert.match((await curl(key.secret)).stdout, /"credentials-refused"/);
  });

  test("too many calls of a caller are refused until it may call again, and a deploy gives it no more", async () => {
    const rate = { perCaller: { calls: 2, seconds: 3_600 } };
    await platform.deploy("examples/hello", { access: "public", rate });
    const first = [await statusOf("/hello/hello"), await statusOf("/hello/hello")];
    const refused = await platform.call("/hello/hello");
    assert.deepEqual([...first, refused.status], [200, 200, 429]);
    assert.ok(Number(refused.headers.get("retry-after")) > 1_000);
    assert.match(await refused.text(), /"rate-limited"/);
    await platform.deploy("examples/hello", { access: "public", rate, env: { CHANGED: "1" } });
    assert.equal(await statusOf("/hello/hello"), 429);
    assert.equal(await statusOf("/hello/hello", { headers: { "x-forwarded-for": "192.0.2.9" } }), 429);
  });

  test("the example: members by JWTs of a key in a file, staff by a claim, a report by a URL that the command line signs", async () => {
    const folder = join(temporaryFolder(scope), "members");
    cpSync(join(projectDir, "examples/members"), folder, { recursive: true });
    for (const file of ["keys.json", "private-key.json"]) rmSync(join(folder, file), { force: true });
    await assert.rejects(bundleApp(folder), { code: "bad-manifest", message: /keys\.json.*no such file/ });
    cpSync(join(projectDir, "node_modules/jose"), join(folder, "node_modules/jose"), { recursive: true });
    const issue = (...args: string[]) => execFileSync(process.execPath, [join(folder, "issue.mjs"), ...args], { encoding: "utf8" }).trim();
    const [ada, eve] = [issue("ada"), issue("eve", "staff")];
    const { manifest, bundles } = await bundleApp(folder);
    assert.equal(typeof manifest.access === "object" && "jwt" in manifest.access && typeof manifest.access.jwt.keys, "object");
    await platform.client.deploy(manifest, bundles);

    assert.equal(await statusOf("/members/me"), 401);
    assert.match(await (await platform.call("/members/me", bearer(ada))).text(), /^Hello, ada! Your token holds until 20/);
    assert.equal(await statusOf("/members/staff", bearer(ada)), 403);
    assert.equal(await statusOf("/members/staff", bearer(eve)), 200);
    assert.equal(
      await (await platform.call("/members/door/x", { headers: { "x-mayfly-caller-way": "token" } })).text(),
      text("x", "no way at all"),
    );

    const command = (...args: string[]) => mayfly(["sign", ...args, "--state", platform.stateDir]);
    const { stdout, stderr, code } = await command("members/report", "--path", "/2026?full=1", "--for", "10m");
    assert.deepEqual([code, stderr], [0, ""]);
    const url = stdout.trim();
    assert.equal(await (await fetch(url)).text(), text("2026", "signed-url"));
    assert.equal((await fetch(url, { method: "POST" })).status, 401);
    assert.equal((await fetch(url.replace("2026", "2027"))).status, 401);
    assert.equal((await fetch(url.replace("/report/", "/me/"))).status, 401);
    assert.equal(await statusOf("/members/report/2026?full=1"), 401);

    const noted = await command("members/me", "--json");
    assert.match(noted.stderr, /note: function me of members refuses signed URLs/);
    assert.equal((JSON.parse(noted.stdout) as { accepted: boolean }).accepted, false);
    assert.equal((await command("members/none")).code, 1);
    assert.equal((await command("members", "--rotate")).code, 0);
    assert.equal((await fetch(url)).status, 401, "another key ends what was signed before");
    const signed = await platform.client.signUrl("members", { function: "report", expiresInS: 60 });
    assert.equal(await statusOf(signed.path), 200);
    await platform.client.removeApp("members");
    await platform.client.deploy(manifest, bundles);
    assert.equal(await statusOf(signed.path), 401, "an app of the same name has another key");
  });

  test("a deploy is refused whose keys this server must not or cannot fetch", async () => {
    for (const [keys, message] of [
      ["http://id.test/keys", /is not https/],
      ["http://127.0.0.1:1/keys", /is not https/],
      ["https://127.0.0.1/keys", /egress\.allow/],
      ["https://169.254.169.254/keys", /clouds keep/],
      ["keys.json", /name of a file/],
    ] as const)
      await assert.rejects(
        platform.deploy("test/apps/echo", { access: { jwt: { issuer, audience: "echo", keys } } }),
        { code: "bad-manifest", message },
        keys,
      );
  });

  test("keys that cannot be fetched are a failure that passes, whose reason is in the app's log alone", async () => {
    await platform.deploy("test/apps/echo", {
      access: { jwt: { issuer: "https://other.test", audience: "echo", keys: "https://no-such-host.invalid/keys" } },
    });
    const response = await platform.call("/echo/echo", bearer(await token({}, { by: "https://other.test" })));
    assert.equal(response.status, 503);
    assert.ok(response.headers.has("retry-after"));
    assert.doesNotMatch(await response.text(), /no-such-host/);
    await platform.logged("echo", /keys of JWTs cannot be fetched from https:\/\/no-such-host\.invalid\/keys/);
  });
});

function text(year: string, way: string): string {
  return `The report of ${year}, for whoever comes by "${way}".\n`;
}
