/** Hosts of apps that nobody but their owners gave them: proofs in a real name server's answers, and a certificate for each. */
import assert from "node:assert/strict";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";
import { loadConfig } from "../src/base/config/load.ts";
import { afterwards } from "../src/base/testing/afterwards.ts";
import { certificateMaker } from "../src/store/authority/make-certificate.ts";
import { type Client, createClient } from "../src/doors/admin/client.ts";
import { pinOf } from "../src/doors/admin/pinned.ts";
import type { Manifest } from "../src/store/catalog/manifest.ts";
import { createScope, deploy, eventually, type Platform, startPlatform, temporaryFolder } from "./platform.ts";

const DAY_MS = 86_400_000;

describe("a server that takes proofs of hosts", () => {
  const scope = createScope();
  const records = new Map<string, string>();
  let platform: Platform;
  /** Trusts the server's certificate, which nobody has signed. */
  let client: Client;
  let certificates: string;
  const make = certificateMaker(loadConfig({}).cacheDir);
  const certificateFor = (name: string) =>
    make({
      subject: name,
      validity: { from: Date.now() - DAY_MS, until: Date.now() + DAY_MS },
      extensions: [`subjectAltName = DNS:${name}`],
    });

  before(async () => {
    const server = await nameServer(records);
    afterwards(scope, () => server.close());
    const dir = temporaryFolder(scope);
    certificates = join(dir, "hosts");
    mkdirSync(certificates);
    const own = await certificateFor("own.test");
    for (const part of ["cert", "key"] as const) writeFileSync(join(dir, part), own[part]);
    platform = await startPlatform(scope, {
      driver: "process",
      blanks: 0,
      hosts: ["given.test=hello"],
      proofServers: [`127.0.0.1:${server.address().port}`],
      tls: { cert: join(dir, "cert"), key: join(dir, "key"), hosts: certificates },
    });
    client = createClient({ url: platform.running.apiUrl, token: platform.running.token, pin: pinOf(own.cert) });
  });
  after(() => scope.close());

  /** What a client gets that asks for the host, and the name in the certificate that the server shows it. */
  async function ask(host: string): Promise<{ body: string; certificate: string }> {
    const { port } = new URL(platform.running.gatewayUrl);
    const asked = request({ port, host: "127.0.0.1", servername: host, headers: { host }, rejectUnauthorized: false, agent: false }).end();
    const [response] = (await once(asked, "response")) as [IncomingMessage];
    const { subject } = (response.socket as unknown as { getPeerCertificate(): { subject: { CN: string } } }).getPeerCertificate();
    return { body: await text(response), certificate: subject.CN };
  }
  const deployWith = (folder: string, name: string, host: string, more: Partial<Manifest> = {}) =>
    deploy(client, folder, { hosts: { [host]: name }, ...more });

  test("an app gets a host with a record that names it, without the operator, and keeps it when the record goes", async () => {
    await assert.rejects(deployWith("examples/hello", "hello", "www.a.test"), {
      code: "host-not-allowed",
      message: /_mayfly\.www\.a\.test has no TXT record mayfly=main\/hello/,
    });
    records.set("_mayfly.www.a.test", "mayfly=main/hello");
    await deployWith("examples/hello", "hello", "WWW.a.test");
    assert.match((await ask("www.a.test")).body, /Hello/);
    records.delete("_mayfly.www.a.test");
    await deployWith("examples/hello", "hello", "www.a.test", { env: { CHANGED: "1" } });
    assert.match((await ask("www.a.test")).body, /Hello/);
    await assert.rejects(deployWith("test/apps/echo", "echo", "www.a.test"), { code: "host-not-allowed" });
  });

  test("a client of the host gets the certificate that the operator puts into the folder, and others get the server's own", async () => {
    assert.equal((await ask("www.a.test")).certificate, "own.test");
    const { cert, key } = await certificateFor("www.a.test");
    writeFileSync(join(certificates, "a.key"), key);
    writeFileSync(join(certificates, "a.crt"), cert);
    platform.running.renewCertificates();
    await eventually(
      "the new certificate",
      async () => (await ask("www.a.test")).certificate,
      (name) => name === "www.a.test",
    );
    assert.equal((await ask("given.test")).certificate, "own.test");
  });

  test("the host goes to the app that its record names now", async () => {
    records.set("_mayfly.www.a.test", "mayfly=main/echo");
    await deployWith("test/apps/echo", "echo", "www.a.test");
    assert.equal((await ask("www.a.test")).body, "");
    assert.doesNotMatch(JSON.stringify(await client.app("hello")), /"problem":"/);
  });

  test("no record gives away a host that the server itself answers on, nor one that the operator gave to another app", async () => {
    for (const host of ["own.test", "localhost", "x.localhost"]) {
      records.set(`_mayfly.${host}`, "mayfly=main/*");
      await assert.rejects(deployWith("test/apps/echo", "echo", host), { code: "host-not-allowed" }, host);
    }
    await deployWith("examples/hello", "hello", "given.test");
    records.set("_mayfly.given.test", "mayfly=main/echo");
    await assert.rejects(deployWith("test/apps/echo", "echo", "given.test"), { code: "host-taken" });
    assert.match((await ask("given.test")).body, /Hello/);
  });

  test("a removed app's proof goes with it", async () => {
    await client.removeApp("echo");
    records.clear();
    await assert.rejects(deployWith("test/apps/echo", "echo", "www.a.test"), { code: "host-not-allowed" });
  });
});

/** Answers TXT queries for the names that it has, and says of all others that they do not exist. */
async function nameServer(records: Map<string, string>): Promise<Socket> {
  const server = createSocket("udp4");
  server.on("message", (query, { port, address }) => server.send(answerTo(query, records), port, address));
  server.bind(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

function answerTo(query: Buffer, records: Map<string, string>): Buffer {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at]!; length > 0; length = query[at]!) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  const found = records.get(labels.join(".").toLowerCase());
  const data = Buffer.from(found ?? "");
  const record = Buffer.concat([Buffer.from([0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 0, 0, data.length + 1, data.length]), data]);
  const head = Buffer.from([
    query[0]!,
    query[1]!,
    0x81,
    0x80 | (found === undefined ? 3 : 0),
    0,
    1,
    0,
    found === undefined ? 0 : 1,
    0,
    0,
    0,
    0,
  ]);
  return Buffer.concat([head, query.subarray(12, at + 5), ...(found === undefined ? [] : [record])]);
}
