import assert from "node:assert/strict";
import { createHash, X509Certificate } from "node:crypto";
import { rootCertificates } from "node:tls";
import { test } from "node:test";
import { javaKeyStore } from "./java-key-store.ts";

/** A reader written from the format's description. Java's keytool has also read such a store and accepted its digest. */
function read(store: Buffer): { alias: string; type: string; certificate: Buffer }[] {
  assert.equal(store.readUInt32BE(0), 0xfeedfeed);
  assert.equal(store.readUInt32BE(4), 2);
  let at = 12;
  const text = () => {
    const length = store.readUInt16BE(at);
    at += 2 + length;
    return store.toString("utf8", at - length, at);
  };
  const entries = Array.from({ length: store.readUInt32BE(8) }, () => {
    assert.equal(store.readUInt32BE(at), 2, "a trusted certificate");
    at += 4;
    const alias = text();
    at += 8;
    const type = text();
    const length = store.readUInt32BE(at);
    at += 4 + length;
    return { alias, type, certificate: store.subarray(at - length, at) };
  });
  const key = Buffer.from("\0c\0h\0a\0n\0g\0e\0i\0t");
  const digest = createHash("sha1").update(Buffer.concat([key, Buffer.from("Mighty Aphrodite"), store.subarray(0, at)]));
  assert.deepEqual(store.subarray(at), digest.digest());
  return entries;
}

test("certificates are read back with their aliases, and the digest is that of Java's own password", () => {
  const certificates = rootCertificates.slice(0, 20).map((pem, index) => ({ name: `Authority_${index}.crt`, pem }));
  const entries = read(javaKeyStore(certificates));
  assert.deepEqual(
    entries.map(({ alias, type }) => [alias, type]),
    certificates.map(({ name }) => [name.toLowerCase(), "X.509"]),
  );
  for (const [index, { certificate }] of entries.entries())
    assert.deepEqual(certificate, new X509Certificate(certificates[index]!.pem).raw);
});

test("the same certificates give the same bytes", () => {
  const certificates = [{ name: "one", pem: rootCertificates[0]! }];
  assert.deepEqual(javaKeyStore(certificates), javaKeyStore(certificates));
});
