import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { certificate } from "../../doors/http/test-certificate.ts";
import { readCertificate } from "./certificate.ts";

const { cert, key } = certificate;
const badConfig = (pattern: RegExp) => ({ code: "bad-config", message: pattern });

test("a certificate with its key is taken, also with others behind it and text between", (context) => {
  const files = folder(context);
  const chain = `leaf\n${cert}\nissuer\n${cert}\n`;
  assert.deepEqual(readCertificate(files({ cert: chain, key: `${key}\n` })), { cert: chain, key: `${key}\n` });
});

test("what a full disk or an interrupted renewal leaves is refused: an empty file, a part of one, one half of a pair", (context) => {
  const files = folder(context);
  assert.throws(() => readCertificate(files({ cert: "", key })), badConfig(/tls\.cert.*it is empty/s));
  assert.throws(() => readCertificate(files({ cert, key: "" })), badConfig(/tls\.key.*it is empty/s));
  assert.throws(() => readCertificate(files({ cert: "\n", key })), badConfig(/holds no certificate/));
  assert.throws(() => readCertificate(files({ cert, key: "\n" })), badConfig(/the key cannot be read: it is damaged, or not PEM/));
  assert.throws(() => readCertificate(files({ cert: key, key })), badConfig(/holds no certificate/));
  assert.throws(() => readCertificate(files({ cert, key: cert })), badConfig(/the key cannot be read/));
  for (const part of [40, 300, cert.length - 4])
    assert.throws(() => readCertificate(files({ cert: `${cert}\n${cert.slice(0, part)}`, key })), badConfig(/certificate 2 of 2/));
  assert.throws(() => readCertificate(files({ cert: cert.slice(0, 300), key })), badConfig(/certificate 1 of 1/));
  const other = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ type: "pkcs8", format: "pem" });
  assert.throws(() => readCertificate(files({ cert, key: other })), badConfig(/not that of the first certificate/));
});

test("a certificate file of an impossible size is refused unread", (context) => {
  const files = folder(context);
  assert.throws(
    () => readCertificate(files({ cert: `${cert}\n${"x".repeat(1_048_576)}`, key })),
    badConfig(/more than the 1048576 allowed/),
  );
  const { cert: file } = files({ cert, key });
  const pipe = `${file}.pipe`;
  execFileSync("mkfifo", [pipe]);
  for (const name of [pipe, "/dev/zero", tmpdir()])
    assert.throws(() => readCertificate({ cert: name, key: name }), badConfig(/not a regular file/));
});

/** Writes PEM texts, and says where. */
function folder(context: TestContext) {
  const dir = mkdtempSync(join(tmpdir(), "mayfly-certificate-"));
  context.after(() => rmSync(dir, { recursive: true, force: true }));
  return (texts: { cert: string; key: string }) => {
    const files = { cert: join(dir, "cert.pem"), key: join(dir, "key.pem") };
    writeFileSync(files.cert, texts.cert);
    writeFileSync(files.key, texts.key);
    return files;
  };
}
