/** Commands on the server's own host: while it starts, over TLS with a certificate that no other program trusts, and while it stops. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { readServerFile } from "../src/store/state-folder/lock.ts";
import { mayfly, serve } from "./command.ts";
import { deploy, eventually, temporaryFolder } from "./platform.ts";
import { createClient } from "../src/doors/admin/client.ts";

const quick = ["--driver", "process", "--blanks", "0"];
const BUSY_HOST_MS = 120_000;

function makeCertificates(context: TestContext) {
  const dir = temporaryFolder(context);
  const file = (name: string) => join(dir, name);
  const openssl = (...args: string[]) => execFileSync("openssl", args, { stdio: "ignore" });
  const own = (name: string) =>
    openssl(
      "req",
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-days",
      "2",
      "-subj",
      `/CN=${name}`,
      "-keyout",
      file("key"),
      "-out",
      file("cert"),
    );
  /** A certificate for a public name, issued by an authority, unlike the server's self-signed one. */
  const issued = () => {
    openssl(
      "req",
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-days",
      "2",
      "-subj",
      "/CN=ca",
      "-keyout",
      file("ca-key"),
      "-out",
      file("ca"),
    );
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=shop.example", "-keyout", file("key"), "-out", file("csr"));
    openssl(
      "x509",
      "-req",
      "-in",
      file("csr"),
      "-CA",
      file("ca"),
      "-CAkey",
      file("ca-key"),
      "-CAcreateserial",
      "-days",
      "2",
      "-out",
      file("cert"),
    );
  };
  return { cert: file("cert"), key: file("key"), own, issued };
}

test("commands trust the certificate of the server whose state folder they read, whoever issued it, even after its renewal", async (context) => {
  const stateDir = temporaryFolder(context);
  const { cert, key, own, issued } = makeCertificates(context);
  own("made-by-oneself");
  const everywhere = ["--listen", "0.0.0.0:0", "--api", "0.0.0.0:0"];
  const server = await serve(context, stateDir, [...quick, ...everywhere, "--tls-cert", cert, "--tls-key", key]);
  const url = new RegExp(String.raw`^https://127\.0\.0\.1:\d+$`);
  assert.match(server.gatewayUrl, url);
  assert.match(server.apiUrl, url);
  const run = (...args: string[]) => mayfly([...args, "--state", stateDir]);
  const deployed = await run("deploy", "examples/hello");
  assert.equal(deployed.code, 0, deployed.stderr);
  assert.equal((await run("status")).code, 0);
  const called = await run("invoke", "hello/hello", "--repeat", "3", "--json");
  assert.deepEqual((JSON.parse(called.stdout) as { outcomes: unknown }).outcomes, { 200: 3 }, called.stderr);

  // The address of another host, for example: it can be reached, but is not trusted.
  const token = readFileSync(join(stateDir, "api-token"), "utf8").trim();
  const elsewhere = { MAYFLY_STATE_DIR: temporaryFolder(context), MAYFLY_TOKEN: token, MAYFLY_API: server.apiUrl };
  const refused = await mayfly(["status"], { env: elsewhere });
  assert.equal(refused.code, 4);
  assert.match(refused.stderr, /is not trusted: self-signed certificate\.\n.*NODE_EXTRA_CA_CERTS/);

  const before = readServerFile(stateDir)?.certificate;
  issued();
  server.child.kill("SIGHUP");
  await eventually(
    "the new certificate in server.json",
    () => readServerFile(stateDir)?.certificate,
    (now) => now !== undefined && now !== before,
    BUSY_HOST_MS,
  );
  const again = await run("invoke", "hello/hello");
  assert.equal(again.stdout, "Hello, world!\n", again.stderr);
  assert.doesNotMatch(readFileSync(join(stateDir, "server.json"), "utf8"), /PRIVATE KEY/);
});

test("status reports that the server is stopping; a call cut off at the end of the grace time gets a reply, and its app's log a line", async (context) => {
  const stateDir = temporaryFolder(context);
  const server = await serve(context, stateDir, [...quick, "--grace-ms", "15000"]);
  await deploy(createClient({ url: server.apiUrl, token: readFileSync(join(stateDir, "api-token"), "utf8").trim() }), "test/apps/echo");
  const client = createClient({ url: server.apiUrl, token: readFileSync(join(stateDir, "api-token"), "utf8").trim() });
  const calling = fetch(`${server.gatewayUrl}/echo/hang`);
  await eventually(
    "the call at work",
    () => client.machines(),
    (machines) => machines.some(({ slots }) => slots.used > 0),
    BUSY_HOST_MS,
  );
  const ended = server.end("SIGTERM");
  await eventually(
    "the record of the stop",
    () => JSON.parse(readFileSync(join(stateDir, "supervisor.json"), "utf8")) as { state: string; calls?: number },
    ({ calls }) => calls === 1,
    BUSY_HOST_MS,
  );
  const [status, list] = await Promise.all([mayfly(["status", "--state", stateDir]), mayfly(["list", "--state", stateDir])]);
  assert.deepEqual([status.code, list.code], [4, 4]);
  assert.match(status.stdout, /^Mayfly is shutting down, with 1 call in flight\./);
  assert.match(list.stderr, /Mayfly is shutting down/);
  const reply = await calling;
  assert.equal(reply.status, 503);
  assert.match(await reply.text(), /"shutting-down"/);
  assert.equal(await ended, 0);
  assert.ok(!existsSync(join(stateDir, "server.json")));
  const messages = (await server.log).trim().split("\n");
  assert.match(messages.at(-1)!, /"cutOff":1.*stopped; 1 call cut off/);
  const logs = readdirSync(join(stateDir, "logs"), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const text = logs.map(({ parentPath, name }) => readFileSync(join(parentPath, name), "utf8")).join("");
  assert.match(text, /hang did not finish within its 15000 ms of grace: it was cut off/);
});
