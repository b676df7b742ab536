/** Which certificates the client accepts, tested with a server whose certificate was made once for these tests. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { rootCertificates } from "node:tls";
import { createClient } from "./client.ts";
import { readCertificate } from "../../base/listen/certificate.ts";
import { listen } from "./listen.ts";
import { pinOf } from "./pinned.ts";

const [cert, key] = ["cert.pem", "key.pem"].map((file) => join(import.meta.dirname, "testing", file)) as [string, string];

async function secureUrl(context: TestContext): Promise<string> {
  const app = { fetch: () => Response.json({ ok: true }) };
  const listening = await listen(app, { address: "127.0.0.1:0", tls: readCertificate({ cert, key }), allowInsecureBind: false });
  context.after(() => listening.close());
  return listening.url;
}

test("a server with an untrusted certificate is reported as such, and not as unreachable", async (context) => {
  const error = await createClient({ url: await secureUrl(context), token: "t" })
    .health()
    .catch((thrown: unknown) => thrown);
  assert.equal((error as { code: string }).code, "not-trusted");
  assert.match((error as { cure: string }).cure, /NODE_EXTRA_CA_CERTS.*MAYFLY_GATEWAY/);
});

test("with a pinned certificate its server is called under any name, and a server with another certificate is not", async (context) => {
  const url = (await secureUrl(context)).replace("127.0.0.1", "localhost");
  const pin = pinOf(readFileSync(cert, "utf8"));
  await createClient({ url, token: "t", pin }).health();
  await assert.rejects(createClient({ url, token: "t", pin: pinOf(rootCertificates[0]!) }).health(), { code: "not-trusted" });
});

test("a client that refused the certificate, or never began to talk, does not delay the server's close", { timeout: 60_000 }, async () => {
  const app = { fetch: () => Response.json({ ok: true }) };
  const listening = await listen(app, { address: "127.0.0.1:0", tls: readCertificate({ cert, key }), allowInsecureBind: false });
  await assert.rejects(createClient({ url: listening.url, token: "t" }).health(), { code: "not-trusted" });
  const silent = connect(Number(new URL(listening.url).port), "127.0.0.1");
  await once(silent, "connect");
  await listening.close();
  silent.destroy();
});
