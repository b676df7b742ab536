/** Answers that do not come, or not to their end, where the host stands between a machine and a server. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { until } from "../../base/clock/until.ts";
import { API, egressTo, rawServer, secureBy, serverBy, trusted } from "./testing/ends.ts";

test("what cannot be read as HTTP cuts off an answer that has begun, and adds nothing to it", async (t) => {
  const server = await serverBy(
    t,
    trusted,
    (_request, response) => void response.writeHead(200, { "content-length": 1_000 }).write("begun"),
  );
  const { egress, told } = egressTo(t, server.port);
  const secure = await secureBy(egress, server.port);
  let got = "";
  secure.on("data", (chunk: Buffer) => (got += chunk.toString("latin1")));
  secure.write(`POST / HTTP/1.1\r\nHost: ${API}:${server.port}\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n`);
  await until(() => got.endsWith("begun"), { what: "the beginning of the answer" });
  secure.write("no length of a chunk\r\n");
  await until(() => secure.readableEnded || secure.destroyed, { what: "the end of the connection" });
  assert.match(got, /\r\n\r\nbegun$/);
  assert.match(told.join(), /^A request of the machine to api\.example\.com was refused: it is not HTTP/);
});

for (const leaves of ["end", "destroy"] as const)
  test(`a server that leaves by ${leaves} without a further answer has the code's connection ended, so that its client may ask again`, async (t) => {
    let asked = 0;
    const port = await rawServer(t, (socket) =>
      socket.on("data", () => {
        if (++asked === 1) socket.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        else if (leaves === "end") socket.end();
        else socket.destroy();
      }),
    );
    const { egress, told } = egressTo(t, port);
    const secure = await secureBy(egress, port);
    const request = `GET / HTTP/1.1\r\nHost: ${API}:${port}\r\n\r\n`;
    secure.write(request);
    const [answer] = (await once(secure, "data")) as [Buffer];
    assert.match(answer.toString(), /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n$/);
    secure.write(request);
    assert.equal(await text(secure), "");
    assert.equal(asked, 2);
    assert.deepEqual(told, []);
  });

test("a request that comes when the server has ended the idle connection is told nobody", async (t) => {
  let asked = 0;
  const port = await rawServer(t, (socket) =>
    socket.on("data", () => {
      asked++;
      socket.end("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    }),
  );
  const { egress, told } = egressTo(t, port);
  const secure = await secureBy(egress, port);
  const request = `GET / HTTP/1.1\r\nHost: ${API}:${port}\r\n\r\n`;
  secure.resume().write(request);
  await until(() => secure.readableEnded, { what: "the end of the connection" });
  secure.write(request);
  await until(() => secure.destroyed, { what: "the end of the second request" });
  assert.equal(asked, 1);
  assert.deepEqual(told, []);
});
