import assert from "node:assert/strict";
import { test } from "node:test";
import { httpReasonOf, reasonOf, tlsReasonOf } from "./reasons.ts";

const failure = (message: string, more: object = {}) => Object.assign(new Error(message), more);

test("a reason is a clause of bounded length, whatever a server put into its certificate", () => {
  assert.equal(reasonOf(failure("connect failed.")), "connect failed");
  const names = Array.from({ length: 5_000 }, (_, at) => `DNS:${at}.example.com`).join(", ");
  const reason = reasonOf(
    failure(`Host: api.example.com. is not in the cert's altnames: ${names}`, { code: "ERR_TLS_CERT_ALTNAME_INVALID" }),
  );
  assert.match(reason, /^the server's certificate is not one that this host trusts for it: Host: .*… \(ERR_TLS_CERT_ALTNAME_INVALID\)$/);
  assert.ok(reason.length < 600);
});

test("of what OpenSSL says the reason is kept", () => {
  assert.equal(
    tlsReasonOf(failure("00F7:error:0A000418:SSL routines::tlsv1 alert unknown ca:../x.c", { reason: "tlsv1 alert unknown ca" })),
    "tlsv1 alert unknown ca",
  );
  assert.equal(tlsReasonOf(failure("read ECONNRESET")), "read ECONNRESET");
});

test("what is not HTTP is told as that", () => {
  assert.equal(httpReasonOf(failure("Parse Error: Invalid method")), "it is not HTTP as the host reads it: Parse Error: Invalid method");
});
