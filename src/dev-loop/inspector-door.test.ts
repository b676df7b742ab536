import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { type AddressInfo, connect, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { afterwards } from "../base/testing/afterwards.ts";
import { openInspectorDoor } from "./inspector-door.ts";

test("debuggers reach a machine's inspector, and pages of a browser do not, under whatever name", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-inspector-"));
  afterwards(context, () => rmSync(folder, { recursive: true }));
  let reached = 0;
  const inspector = createServer().on("upgrade", (_request, socket) => {
    reached++;
    socket.end("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n");
  });
  inspector.listen(0, "127.0.0.1");
  await once(inspector, "listening");
  afterwards(context, () => void inspector.close());
  writeFileSync(join(folder, "boot-1"), `ws://127.0.0.1:${(inspector.address() as AddressInfo).port}/secret`);
  const door = await openInspectorDoor(folder, "127.0.0.1:0", async () => "shop");
  afterwards(context, () => door.close());
  const port = Number(door.address.split(":")[1]);
  const attach = async (headers: Record<string, string>, path = "/boot-1"): Promise<number> => {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const upgrade = { connection: "upgrade", upgrade: "websocket" };
    const asked = request({ host: "127.0.0.1", port, path, headers: { ...upgrade, ...headers } });
    asked.on("upgrade", ({ statusCode }, socket) => {
      socket.destroy();
      resolve(statusCode!);
    });
    asked.on("response", (response) => resolve(response.resume().statusCode!)).on("error", reject);
    asked.end();
    return promise;
  };
  assert.equal(await attach({}), 101);
  assert.equal(await attach({ origin: "devtools://devtools" }), 101);
  assert.equal(reached, 2);
  for (const origin of ["http://evil.example", `http://localhost:${port}`, "null"]) assert.equal(await attach({ origin }), 403, origin);
  assert.equal(await attach({ host: `evil.example:${port}` }), 403);
  assert.equal(await attach({}, "/boot-2"), 404);
  assert.equal(reached, 2);
  const list = async (headers: Record<string, string>) => (await fetch(`http://127.0.0.1:${port}/json/list`, { headers })).status;
  assert.deepEqual([await list({}), await list({ origin: "http://evil.example" })], [200, 403]);
});

test("debuggers of Python reach the newest machine at the same address, and what a page of a browser sends does not", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-inspector-"));
  afterwards(context, () => rmSync(folder, { recursive: true }));
  let reached = "";
  for (const machine of ["boot-1", "boot-2"]) {
    const debugpy = createTcpServer((socket) => void socket.on("data", (chunk) => (reached += `${machine} `) && socket.write(chunk)));
    debugpy.listen(0, "127.9.8.7");
    await once(debugpy, "listening");
    afterwards(context, () => void debugpy.close());
    writeFileSync(join(folder, machine), `dap://127.9.8.7:${(debugpy.address() as AddressInfo).port}`);
    utimesSync(join(folder, machine), 1, machine === "boot-1" ? 1 : 2);
  }
  const door = await openInspectorDoor(folder, "127.0.0.1:0", async () => "shop");
  afterwards(context, () => door.close());
  const port = Number(door.address.split(":")[1]);
  const say = async (text: string) => {
    const socket = connect(port, "127.0.0.1");
    afterwards(context, () => void socket.destroy());
    socket.write(text);
    const [answer] = (await once(socket, "data")) as [Buffer];
    return String(answer);
  };
  const message = "Content-Length: 2\r\n\r\n{}";
  assert.equal(await say(message), message);
  assert.equal(reached, "boot-2 ");
  assert.match(await say(`POST / HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n${message}`), /^HTTP\/1.1 403/);
  assert.match(await say(`\r\n${message}`), /^HTTP\/1.1 400/);
  assert.equal(reached, "boot-2 ");
});
