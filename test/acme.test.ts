/** Certificates for hosts of apps from pebble, the authority that Let's Encrypt makes for tests of clients, as Debian has it. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { readdirSync, statSync, writeFileSync } from "node:fs";
import { type IncomingMessage, request as requestPlain } from "node:http";
import { request } from "node:https";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";
import { loadConfig } from "../src/base/config/load.ts";
import { afterwards } from "../src/base/testing/afterwards.ts";
import { freePort } from "../src/base/testing/listening.ts";
import { type Client, createClient } from "../src/doors/admin/client.ts";
import { pinOf } from "../src/doors/admin/pinned.ts";
import { fetchProgramRoot, hostCommand } from "../src/images/debian/program-root.ts";
import { certificateMaker } from "../src/store/authority/make-certificate.ts";
import { createScope, deploy, eventually, type Platform, type Scope, startPlatform, temporaryFolder } from "./platform.ts";

const DAY_MS = 86_400_000;

describe("a server that gets certificates from an authority", () => {
  const scope = createScope();
  let platform: Platform;
  let client: Client;
  let challengePort: number;
  /** Names that lead to this host. */
  const known = new Set(["www.a.test", "www.b.test"]);

  before(async () => {
    const dir = temporaryFolder(scope);
    challengePort = await freePort();
    const names = await nameServer(known);
    afterwards(scope, () => names.close());
    const make = certificateMaker(loadConfig({}).cacheDir);
    const validity = { from: Date.now() - DAY_MS, until: Date.now() + DAY_MS };
    const own = await make({ subject: "own.test", validity, extensions: ["subjectAltName = DNS:own.test"] });
    for (const part of ["cert", "key"] as const) writeFileSync(join(dir, part), own[part]);
    const authority = await startPebble(scope, dir, { dns: names.address().port, challenges: challengePort });
    platform = await startPlatform(scope, {
      driver: "process",
      blanks: 0,
      hosts: ["www.a.test=hello", "www.b.test=hello", "lost.test=hello", "own.test=*"],
      tls: {
        cert: join(dir, "cert"),
        key: join(dir, "key"),
        acme: { ...authority, agreed: true, email: "ops@a.test", listen: `127.0.0.1:${challengePort}` },
      },
    });
    client = createClient({ url: platform.running.apiUrl, token: platform.running.token, pin: pinOf(own.cert) });
  });
  after(() => scope.close());

  /** The authority and the names of the certificate that a client of the host gets. */
  async function certificateOf(host: string): Promise<{ issuer: string; names: string }> {
    const { port } = new URL(platform.running.gatewayUrl);
    const asked = request({ port, host: "127.0.0.1", servername: host, headers: { host }, rejectUnauthorized: false, agent: false }).end();
    const [response] = (await once(asked, "response")) as [IncomingMessage];
    const socket = response.socket as unknown as { getPeerCertificate(): { issuer: { CN: string }; subjectaltname: string } };
    const { issuer, subjectaltname } = socket.getPeerCertificate();
    assert.match(await text(response), /Hello/);
    return { issuer: issuer.CN, names: subjectaltname };
  }

  test("shows clients of an app's host the certificate that the authority has made for it, and for no other", async () => {
    await deploy(client, "examples/hello", { hosts: { "www.a.test": "hello", "lost.test": "hello", "own.test": "hello" } });
    await eventually(
      "the certificate",
      () => certificateOf("www.a.test"),
      ({ names }) => names === "DNS:www.a.test",
    );
    assert.match((await certificateOf("www.a.test")).issuer, /Pebble/);
    assert.equal((await certificateOf("own.test")).names, "DNS:own.test", "what the operator has a certificate for is left alone");
    const files = readdirSync(join(platform.stateDir, "acme", "hosts"));
    assert.match(files.toSorted().join(), /^www\.a\.test\.\d+\.crt,www\.a\.test\.\d+\.key$/);
    for (const file of files) assert.equal(statSync(join(platform.stateDir, "acme", "hosts", file)).mode & 0o777, 0o600);
  });

  test("says in the app's log why a host gets none, and when it tries again", async () => {
    const lines = await eventually(
      "the reason",
      () => client.logs({ app: "hello", tail: 100 }),
      (found) => found.some(({ text: line }) => line.startsWith("No certificate could be had for lost.test")),
    );
    const line = lines.find(({ text: each }) => each.includes("lost.test"))!.text;
    assert.match(line, /^No certificate could be had for lost\.test: .+\. The next try is at 20\d\d-.+Z\.$/);
    assert.equal((await certificateOf("lost.test")).names, "DNS:own.test");
  });

  test("gets one for a host that a later deploy adds, while it serves", async () => {
    await deploy(client, "examples/hello", { hosts: { "www.a.test": "hello", "www.b.test": "hello" }, env: { CHANGED: "1" } });
    await eventually(
      "the certificate",
      () => certificateOf("www.b.test"),
      ({ names }) => names === "DNS:www.b.test",
    );
    assert.equal((await certificateOf("www.a.test")).names, "DNS:www.a.test");
  });

  test("sends whoever else comes to the port for proofs to the address with https, and tells nothing of proofs", async () => {
    const ask = async (path: string, headers: Record<string, string>, method = "GET") => {
      const sent = requestPlain({ port: challengePort, host: "127.0.0.1", path, method, headers }).end();
      const [response] = (await once(sent, "response")) as [IncomingMessage];
      response.resume();
      return [response.statusCode, response.headers.location];
    };
    const { port } = new URL(platform.running.gatewayUrl);
    assert.deepEqual(await ask("/x?y=1", { host: "www.A.test:80" }), [308, `https://www.a.test:${port}/x?y=1`]);
    assert.deepEqual(await ask("/x", { host: "www.a.test/@evil" }), [404, undefined]);
    assert.deepEqual(await ask("/x", { host: "www.a.test" }, "POST"), [404, undefined]);
    for (const token of ["", "constructor", "__proto__", "x".repeat(100)])
      assert.deepEqual(await ask(`/.well-known/acme-challenge/${token}`, { host: "www.a.test" }), [404, undefined]);
  });
});

/** Returns the settings that lead to it. */
async function startPebble(
  scope: Scope,
  dir: string,
  ports: { dns: number; challenges: number },
): Promise<{ directory: string; ca: string }> {
  const { cacheDir } = loadConfig({});
  const make = certificateMaker(cacheDir);
  const validity = { from: Date.now() - DAY_MS, until: Date.now() + DAY_MS };
  const { cert, key } = await make({ subject: "127.0.0.1", validity, extensions: ["subjectAltName = IP:127.0.0.1"] });
  const [certificate, privateKey] = [join(dir, "pebble.crt"), join(dir, "pebble.key")];
  writeFileSync(certificate, cert);
  writeFileSync(privateKey, key);
  const [port, management] = [await freePort(), await freePort()];
  const settings = {
    pebble: {
      listenAddress: `127.0.0.1:${port}`,
      managementListenAddress: `127.0.0.1:${management}`,
      certificate,
      privateKey,
      httpPort: ports.challenges,
      tlsPort: ports.challenges,
      ocspResponderURL: "",
      externalAccountBindingRequired: false,
    },
  };
  writeFileSync(join(dir, "pebble.json"), JSON.stringify(settings));
  const root = await fetchProgramRoot({ suite: "trixie", packages: ["pebble"], cacheDir });
  const [program, ...first] = await hostCommand(root, "/usr/bin/pebble");
  const child = spawn(program, [...first, "-config", join(dir, "pebble.json"), "-dnsserver", `127.0.0.1:${ports.dns}`], {
    env: { ...process.env, PEBBLE_VA_NOSLEEP: "1", PEBBLE_WFE_NONCEREJECT: "30" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  afterwards(scope, () => ended(child));
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (printed += chunk.toString()).slice(-10_000));
  await eventually(
    "pebble",
    () => printed,
    (lines) => lines.includes("ACME directory available at") || child.exitCode !== null,
  );
  assert.equal(child.exitCode, null, printed);
  return { directory: `https://127.0.0.1:${port}/dir`, ca: certificate };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}

/** Says of the names that it knows that they are at 127.0.0.1, and of all others that they do not exist. */
async function nameServer(names: Set<string>): Promise<Socket> {
  const server = createSocket("udp4");
  server.on("message", (query, { port, address }) => server.send(answerTo(query, names), port, address));
  server.bind(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

const ADDRESS = 1;

function answerTo(query: Buffer, names: Set<string>): Buffer {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at]!; length > 0; length = query[at]!) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  const isKnown = names.has(labels.join(".").toLowerCase());
  const record =
    isKnown && query.readUInt16BE(at + 1) === ADDRESS
      ? Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 127, 0, 0, 1])
      : Buffer.alloc(0);
  const head = Buffer.from([query[0]!, query[1]!, 0x81, 0x80 | (isKnown ? 0 : 3), 0, 1, 0, record.length > 0 ? 1 : 0, 0, 0, 0, 0]);
  return Buffer.concat([head, query.subarray(12, at + 5), record]);
}
