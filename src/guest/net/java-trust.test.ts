import assert from "node:assert/strict";
import { rootCertificates } from "node:tls";
import { test } from "node:test";
import { javaKeyStore } from "../../images/builder/java-key-store.ts";
import { withAuthority } from "./java-trust.ts";

test("an authority that is added to Java's store is as if it had been there from the beginning", () => {
  const certificates = rootCertificates.slice(0, 3).map((pem, index) => ({ name: `authority_${index}.crt`, pem }));
  const added = { name: "mayfly", pem: rootCertificates[3]! };
  assert.deepEqual(withAuthority(javaKeyStore(certificates), added.pem), javaKeyStore([...certificates, added]));
});
