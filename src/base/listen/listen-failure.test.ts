import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { test } from "node:test";
import { listenFailure } from "./listen-failure.ts";

async function failureAt(host: string, port = 0): Promise<unknown> {
  const server = createServer().listen(port, host);
  try {
    await once(server, "listening");
  } catch (error) {
    return error;
  }
  server.close();
  throw new Error(`${host}:${port} could be listened on`);
}

test("an address that the host does not have, and a name without one, are told with what to do", async () => {
  const foreign = listenFailure(await failureAt("192.0.2.1"), "192.0.2.1:0", "listen");
  assert.equal(foreign.code, "address-unusable");
  assert.match(foreign.message, /^listen: Mayfly cannot listen on 192\.0\.2\.1:0: this host has no such address\.$/);
  assert.match(foreign.cure, /ip address/);
  const nameless = listenFailure(await failureAt("no-such-name.invalid"), "no-such-name.invalid:0", "api");
  assert.match(nameless.message, /name/);
});

test("a port in use stays an error of its own", () => {
  const error = Object.assign(new Error("in use"), { code: "EADDRINUSE" });
  assert.equal(listenFailure(error, "127.0.0.1:1", "api").code, "port-in-use");
});

test("other errors of the system are passed on, never reported as a defect", () => {
  for (const code of ["EACCES", "EAFNOSUPPORT", "EINVAL", "EMFILE", "ESOMETHING"]) {
    const error = listenFailure(Object.assign(new Error(`listen ${code}`), { code }), "[::1]:80", "listen");
    assert.equal(error.code, "address-unusable", code);
    assert.ok(error.cure.endsWith("."), code);
  }
});
