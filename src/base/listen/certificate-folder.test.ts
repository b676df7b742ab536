/** Certificates by name, at a real TLS server. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test, type TestContext } from "node:test";
import { connect } from "node:tls";
import { loadConfig } from "../config/load.ts";
import { certificate as usual } from "../../doors/http/test-certificate.ts";
import { certificateMaker, type KeyPair } from "../../store/authority/make-certificate.ts";
import { afterwards } from "../testing/afterwards.ts";
import { listening } from "../testing/listening.ts";
import { CertificateFolder } from "./certificate-folder.ts";
import { createWebServer } from "./listen.ts";

const DAY_MS = 86_400_000;
const make = certificateMaker(loadConfig({}).cacheDir);
const pairs = new Map<string, KeyPair>();
const root = mkdtempSync(join(tmpdir(), "mayfly-certificates-"));
after(() => rmSync(root, { recursive: true }));
before(async () => {
  const from = Date.now() - DAY_MS;
  for (const [label, names, days] of [
    ["a", "DNS:a.test,DNS:www.a.test", 10],
    ["a, later", "DNS:a.test", 20],
    ["wild", "DNS:*.wild.test", 10],
  ] as const)
    pairs.set(
      label,
      await make({ subject: label, validity: { from, until: from + days * DAY_MS }, extensions: [`subjectAltName = ${names}`] }),
    );
});

async function open(context: TestContext, name: string) {
  const dir = join(root, name);
  mkdirSync(dir);
  const told: string[] = [];
  const folder = new CertificateFolder(dir, (text) => told.push(text));
  const server = createWebServer(usual, {}, undefined, (asked) => folder.contextOf(asked));
  const port = await listening(server);
  afterwards(context, () => void server.close());
  const put = (file: string, label: string) => {
    writeFileSync(join(dir, `${file}.crt`), pairs.get(label)!.cert);
    writeFileSync(join(dir, `${file}.key`), pairs.get(label)!.key);
  };
  return { dir, told, folder, put, subject: (servername?: string) => subjectOf(port, servername) };
}

/** The common name of the certificate that a client gets. */
async function subjectOf(port: number, servername: string | undefined): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false, ...(servername !== undefined && { servername }) });
  await once(socket, "secureConnect");
  const { subject } = socket.getPeerCertificate();
  socket.destroy();
  return subject.CN as string;
}

test("a client gets the certificate for the name that it asks for, and the usual one for any other name or none", async (context) => {
  const { put, folder, subject } = await open(context, "names");
  put("anything", "a");
  put("more", "wild");
  await folder.refresh();
  assert.equal(await subject("a.test"), "a");
  assert.equal(await subject("WWW.A.test"), "a");
  assert.equal(await subject("x.wild.test"), "wild");
  for (const other of ["wild.test", "x.y.wild.test", "b.test", undefined]) assert.equal(await subject(other), "localhost", String(other));
});

test("files that change count for the next handshakes, and files that go count no more", async (context) => {
  const { dir, put, folder, subject } = await open(context, "changes");
  await folder.refresh();
  assert.equal(await subject("a.test"), "localhost");
  put("a", "a");
  await folder.refresh();
  assert.equal(await subject("a.test"), "a");
  put("b", "a, later");
  await folder.refresh();
  assert.equal(await subject("a.test"), "a, later", "the one that ends last");
  assert.equal(await subject("www.a.test"), "a");
  for (const file of ["b.crt", "b.key"]) rmSync(join(dir, file));
  await folder.refresh();
  assert.equal(await subject("a.test"), "a");
});

test("folders as certbot makes them are read, links to other files included", async (context) => {
  const { dir, folder, subject } = await open(context, "certbot");
  const archive = mkdtempSync(join(root, "archive-"));
  writeFileSync(join(archive, "fullchain1.pem"), pairs.get("wild")!.cert);
  writeFileSync(join(archive, "privkey1.pem"), pairs.get("wild")!.key);
  mkdirSync(join(dir, "wild.test"));
  for (const name of ["fullchain", "privkey"]) symlinkSync(join(archive, `${name}1.pem`), join(dir, "wild.test", `${name}.pem`));
  writeFileSync(join(dir, "README"), "as certbot writes it");
  await folder.refresh();
  assert.equal(await subject("x.wild.test"), "wild");
});

test("a pair that cannot be used is told once, changes nothing for its name, and spoils no other", async (context) => {
  const { dir, put, told, folder, subject } = await open(context, "damaged");
  put("a", "a");
  put("wild", "wild");
  await folder.refresh();
  told.length = 0;
  writeFileSync(join(dir, "a.key"), pairs.get("wild")!.key);
  writeFileSync(join(dir, "new.pem"), "no certificate");
  writeFileSync(join(dir, "new.key"), "no key");
  for (let i = 0; i < 3; i++) await folder.refresh();
  assert.equal(told.length, 2, told.join("\n"));
  assert.match(told[0]!, /a\.crt cannot be used: the key is not that of the first certificate; the one that was read before stays/);
  assert.match(told[1]!, /new\.pem cannot be used: .*; it is not used/);
  assert.equal(await subject("a.test"), "a");
  assert.equal(await subject("x.wild.test"), "wild");
  put("a", "a, later");
  await folder.refresh();
  assert.equal(await subject("a.test"), "a, later");
});

test("a folder that goes leaves what was read, and is told once", async (context) => {
  const { dir, put, told, folder, subject } = await open(context, "gone");
  put("a", "a");
  await folder.refresh();
  told.length = 0;
  renameSync(dir, `${dir}-away`);
  for (let i = 0; i < 3; i++) await folder.refresh();
  assert.equal(told.length, 1);
  assert.equal(await subject("a.test"), "a");
});
