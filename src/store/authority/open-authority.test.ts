import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { loadConfig } from "../../base/config/load.ts";
import { certificateMaker } from "./make-certificate.ts";
import { openAuthority } from "./open-authority.ts";

const folder = mkdtempSync(join(tmpdir(), "mayfly-authority-"));
after(() => rmSync(folder, { recursive: true }));

const DAY_MS = 86_400_000;
const make = certificateMaker(loadConfig({}).cacheDir);
let now = Date.now();
let made = 0;

function open(name: string) {
  const counted: typeof make = (order) => {
    made++;
    return make(order);
  };
  return openAuthority({ file: join(folder, name), make: counted, clock: { wall: () => now } });
}

test("it is made once, for its owner alone, and stays the same", async () => {
  const authority = open("kept.pem");
  const [one, two] = await Promise.all([authority.certificate(), authority.certificate()]);
  assert.equal(one, two);
  assert.equal(statSync(join(folder, "kept.pem")).mode & 0o777, 0o600);
  assert.equal(await open("kept.pem").certificate(), one);
  const certificate = new X509Certificate(one);
  assert.ok(certificate.ca);
  assert.ok(certificate.validFromDate.getTime() < now - DAY_MS / 2);
  assert.doesNotMatch(one, /PRIVATE KEY/);
});

test("a name has a certificate of the authority, which is made once and renewed before it ends", async () => {
  const authority = open("names.pem");
  const own = new X509Certificate(await authority.certificate());
  const before = made;
  const [one, two] = await Promise.all([authority.certificateOf("api.example.com"), authority.certificateOf("api.example.com")]);
  assert.equal(one, two);
  assert.equal(made, before + 1);
  const certificate = new X509Certificate(one.cert);
  assert.ok(certificate.verify(own.publicKey) && certificate.checkIssued(own));
  assert.ok(!certificate.ca);
  assert.equal(certificate.checkHost("api.example.com"), "api.example.com");
  assert.equal(certificate.checkHost("www.example.com"), undefined);
  now += 59 * DAY_MS;
  assert.equal(await authority.certificateOf("api.example.com"), one);
  now += 2 * DAY_MS;
  const renewed = new X509Certificate((await authority.certificateOf("api.example.com")).cert);
  assert.ok(renewed.validToDate.getTime() > certificate.validToDate.getTime());
});

test("one that ends within a year is replaced by a server that starts", async () => {
  const authority = open("old.pem");
  const old = await authority.certificate();
  now += 3_300 * DAY_MS;
  assert.equal(await authority.certificate(), old);
  assert.notEqual(await open("old.pem").certificate(), old);
});

test("one whose time is over or has not come, because a clock was set, is replaced, and so are the names' certificates", async () => {
  const authority = open("clock.pem");
  const old = await authority.certificate();
  await authority.certificateOf("api.example.com");
  const today = now;
  for (const moved of [today + 3_700 * DAY_MS, today]) {
    now = moved;
    const own = new X509Certificate(await authority.certificate());
    assert.notEqual(own.toString(), new X509Certificate(old).toString());
    const { cert } = await authority.certificateOf("api.example.com");
    for (const each of [own, new X509Certificate(cert)]) assert.ok(each.validFromDate.getTime() <= now && now < each.validToDate.getTime());
    assert.ok(new X509Certificate(cert).verify(own.publicKey));
    assert.equal(new X509Certificate(await open("clock.pem").certificate()).toString(), own.toString());
  }
});

test("a name's certificate whose time has not come is made anew", async () => {
  const authority = open("early.pem");
  await authority.certificate();
  now += 2 * DAY_MS;
  const late = await authority.certificateOf("api.example.com");
  now -= 2 * DAY_MS;
  const early = await authority.certificateOf("api.example.com");
  assert.notEqual(early, late);
  assert.ok(new X509Certificate(early.cert).validFromDate.getTime() <= now);
});

test("openssl that cannot be fetched is told as what it is for", async () => {
  const cacheDir = join(folder, "no-cache");
  // Lists that name no package are not asked for anew.
  const lists = join(cacheDir, "packages/trixie/.apt/lists");
  mkdirSync(lists, { recursive: true });
  writeFileSync(join(lists, "none_Packages"), "");
  const authority = openAuthority({ file: join(folder, "none.pem"), make: certificateMaker(cacheDir), clock: { wall: () => now } });
  await assert.rejects(authority.certificate(), {
    code: "certificate-failed",
    message: /^This server could not make a certificate: .*openssl.*\.$/,
  });
});

test("a file that is none is told, and left as it is", async () => {
  const file = join(folder, "broken.pem");
  const foreign = readFileSync(join(folder, "kept.pem"), "utf8").replace(/-----BEGIN CERT[^]*/, await open("other.pem").certificate());
  for (const text of ["nonsense", foreign]) {
    writeFileSync(file, text);
    await assert.rejects(open("broken.pem").certificate(), { code: "state-damaged", message: /broken\.pem is damaged: / });
    assert.equal(readFileSync(file, "utf8"), text);
  }
});

test("what fails is tried again", async () => {
  let fails = true;
  const flaky: typeof make = async (order) => {
    if (fails) throw new Error("no network");
    return make(order);
  };
  const authority = openAuthority({ file: join(folder, "flaky.pem"), make: flaky, clock: { wall: () => now } });
  await assert.rejects(authority.certificate(), /no network/);
  fails = false;
  await authority.certificate();
  fails = true;
  await assert.rejects(authority.certificateOf("a.example.com"), /no network/);
  fails = false;
  await authority.certificateOf("a.example.com");
});
