/** What becomes of batches for collectors that are none, or that mean harm. */
import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type TestContext, test } from "node:test";
import { gzipSync } from "node:zlib";
import { systemClock } from "../../base/clock/clock.ts";
import { within } from "../../base/clock/within.ts";
import { afterwards } from "../../base/testing/afterwards.ts";
import { freePort, listening } from "../../base/testing/listening.ts";
import { Sender, type Signal } from "./sender.ts";

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

async function collector(context: TestContext, answer: Answer): Promise<string> {
  const server = createServer((request, response) => void request.resume().once("end", () => answer(response, request)));
  const port = await listening(server);
  afterwards(context, () => server.close());
  afterwards(context, () => server.closeAllConnections());
  return `http://127.0.0.1:${port}`;
}

/** What is counted of a batch of 10 items, and what is told of it. */
async function sentTo(url: string, signal: Signal = "traces") {
  const told: string[] = [];
  const sender = new Sender({ url, headers: ["x-key=secret"], report: ({ message }) => told.push(message), now: () => 0 });
  await within(systemClock, 30_000, "a batch", sender.send(signal, { any: "thing" }, 10));
  const [sent, dropped] = sender.collect().map(({ points }) => points.find(({ labels }) => labels["signal"] === signal)!);
  assert.ok(sent !== undefined && "value" in sent && dropped !== undefined && "value" in dropped);
  return { sent: sent.value, dropped: dropped.value, told };
}

test("what collectors answer who take a batch counts as sent", async (context) => {
  for (const [status, body] of [
    [200, "{}"],
    [200, ""],
    [204, ""],
    [202, '{"partialSuccess":{}}'],
    [200, '{"partialSuccess":{"rejectedSpans":"-3","errorMessage":"x"}}'],
    [200, '{"partialSuccess":[7]}'],
    [200, "null"],
  ] as const) {
    const url = await collector(context, (response) => response.writeHead(status).end(body));
    assert.deepEqual(await sentTo(url), { sent: 10, dropped: 0, told: [] }, body);
  }
});

test("what a collector refuses of a batch counts as dropped, and its reason is told, whatever that is", async (context) => {
  const reason = "line\n\u001b[31m".repeat(1_000);
  for (const [signal, name] of [
    ["traces", "rejectedSpans"],
    ["metrics", "rejectedDataPoints"],
    ["logs", "rejectedLogRecords"],
  ] as const) {
    const reply = JSON.stringify({ partialSuccess: { [name]: "4", errorMessage: reason } });
    const url = await collector(context, (response) => response.end(reply));
    const { sent, dropped, told } = await sentTo(url, signal);
    assert.deepEqual([sent, dropped], [6, 4]);
    assert.match(told[0]!, new RegExp(`^the collector at ${url} did not take ${signal}: it refused 4 of 10: `));
    assert.match(told[0]!, /^[\x20-\x7e]{0,700}$/);
  }
  const url = await collector(context, (response) => response.end('{"partialSuccess":{"rejectedSpans":1e300}}'));
  assert.equal((await sentTo(url)).sent, 10);
  const most = await collector(context, (response) => response.end('{"partialSuccess":{"rejectedSpans":99999}}'));
  assert.deepEqual([(await sentTo(most)).sent, (await sentTo(most)).dropped], [0, 10]);
});

test("whatever else is there, or is not, costs its batch, and is told in one sentence", async (context) => {
  const elsewhere: unknown[] = [];
  const other = await collector(context, (response, request) => {
    elsewhere.push(request.headers["x-key"]);
    response.end("{}");
  });
  const bomb = gzipSync(Buffer.alloc(50_000_000));
  let streamed = 0;
  const endless: Answer = (response) => {
    response.writeHead(200, { "content-length": 2 ** 30 });
    const more = () => {
      while (!response.destroyed && response.write(Buffer.alloc(65_536, "x"))) streamed += 65_536;
    };
    response.on("drain", more);
    more();
  };
  const answers: [answer: Answer, told: RegExp][] = [
    [(response) => response.writeHead(500).end("out of\norder"), /: it answered 500: "out of\\norder"$/],
    [(response) => response.writeHead(413).end(), /: it answered 413$/],
    [(response) => response.writeHead(404).end("x".repeat(10_000)), /: it answered 404: "x{200}"$/],
    [(response) => response.writeHead(307, { location: `${other}/v1/traces` }).end(), /: it answered 307, and redirects are not followed$/],
    [(response) => response.end("<html>hello</html>"), /: it answered 200, but not as a collector does: "<html>hello<\/html>"$/],
    [endless, /: it answered 200, but not as a collector does: "x{200}"$/],
    [(response) => response.writeHead(503, { "content-encoding": "gzip" }).end(bomb), /: it answered 503: "/],
    [(response) => response.writeHead(200, { "content-encoding": "gzip" }).end("no gzip at all"), /traces: \S/],
    [(response) => response.writeHead(200, { "x-long": "x".repeat(200_000) }).end("{}"), /traces: \S/],
    [(response) => void response.socket!.end("no HTTP\r\n\r\n"), /traces: \S/],
    [(response) => void response.destroy(), /traces: \S/],
    [
      (response) => {
        response.writeHead(200, { "content-length": 100 });
        response.write("{", () => response.destroy());
      },
      /traces: \S/,
    ],
  ];
  for (const [answer, pattern] of answers) {
    const { sent, dropped, told } = await sentTo(await collector(context, answer));
    assert.deepEqual([sent, dropped, told.length], [0, 10, 1], String(pattern));
    assert.match(told[0]!, pattern);
    assert.doesNotMatch(told[0]!, /secret|\n/);
  }
  const nobody = await sentTo(`http://127.0.0.1:${await freePort()}`);
  assert.match(nobody.told[0]!, /: connect ECONNREFUSED/);
  assert.deepEqual(elsewhere, []);
  assert.ok(streamed < 64_000_000, `${streamed} bytes of an endless reply were taken`);
});
