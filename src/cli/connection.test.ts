/** How a command behaves if the server of its state folder is starting, is gone, or never ran. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { lockForSupervisor, lockStateFolder } from "../store/state-folder/lock.ts";
import { connect } from "./connection.ts";
import { afterwards } from "../base/testing/afterwards.ts";

function stateFolder(context: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), "mayfly-connection-"));
  afterwards(context, () => rmSync(dir, { recursive: true, force: true }));
  writeFileSync(join(dir, "api-token"), "token\n");
  return dir;
}

test("a server that is starting is waited for, from the moment that its supervisor has the folder", async (context) => {
  const dir = stateFolder(context);
  const server = createServer((_request, response) => response.end("{}")).listen(0, "127.0.0.1");
  afterwards(context, () => server.close());
  await once(server, "listening");
  afterwards(context, lockForSupervisor(dir));
  const told = context.mock.method(console, "error", () => undefined);
  const connecting = connect({ state: dir }, { env: {} });
  assert.match(String(told.mock.calls[0]?.arguments[0]), /is starting; waiting for it/);
  const lock = lockStateFolder(dir);
  afterwards(context, () => lock.release());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  lock.announce({ urls: { api: url, gateway: url } });
  await (await connecting).client.health();
});

test("a server that starts for longer than that is reported as starting, without advice to start another", async (context) => {
  const dir = stateFolder(context);
  afterwards(context, lockForSupervisor(dir));
  context.mock.method(console, "error", () => undefined);
  const error = await connect({ state: dir }, { env: {}, waitMs: 150 }).catch((thrown: unknown) => thrown);
  assert.match(String(error), /still starting/);
  assert.doesNotMatch((error as { cure: string }).cure, /mayfly serve/);
});

test("a server that is gone, or was never there, is not waited for", async (context) => {
  const dir = stateFolder(context);
  await assert.rejects(connect({ state: dir }, { env: {} }), { code: "api-unreachable", message: /no server runs/ });
  writeFileSync(join(dir, "server.json"), JSON.stringify({ pid: 2 ** 22 + 1 }));
  const gone = await connect({ state: dir }, { env: {} }).catch((error: unknown) => error);
  assert.match(String(gone), /is gone/);
  assert.doesNotMatch((gone as { cure: string }).cure, /mayfly status/, "`mayfly status` ends with this error, too");
});
