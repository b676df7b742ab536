/** Traces, metrics and logs, as a collector of OpenTelemetry gets them from a server. The file is long because all tests share one server and its collector. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { after, before, describe, test } from "node:test";
import { json } from "node:stream/consumers";
import { CreateScheduleCommand, SchedulerClient } from "@aws-sdk/client-scheduler";
import { afterwards } from "../src/base/testing/afterwards.ts";
import { freePort, listening } from "../src/base/testing/listening.ts";
import { createKey } from "./lambda/key.ts";
import { createScope, eventually, type Platform, type Scope, startPlatform } from "./platform.ts";

interface Span {
  app: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  links?: { traceId: string; spanId: string; flags: number }[];
  name: string;
  kind: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: Record<string, unknown>;
  status?: { code: number; message?: string };
}

type Attributes = { key: string; value: Record<string, unknown> }[];

/** What OTLP's JSON wants: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding. */
function readAttributes(list: Attributes): Record<string, unknown> {
  return Object.fromEntries(
    list.map(({ key, value }) => {
      const [[kind, one] = ["", undefined], ...more] = Object.entries(value);
      assert.deepEqual(more, [], key);
      assert.ok(["stringValue", "intValue", "doubleValue", "boolValue"].includes(kind), kind);
      if (kind === "intValue") assert.match(one as string, /^-?\d+$/, key);
      return [key, kind === "intValue" ? Number(one) : one];
    }),
  );
}

class Collector {
  readonly spans: Span[] = [];
  readonly logs: { app: string; text: string; traceId?: string; spanId?: string; severityText: string; facts: Record<string, unknown> }[] =
    [];
  readonly metrics = new Map<string, { unit: string; points: { facts: Record<string, unknown>; point: Record<string, any> }[] }>();
  readonly headers: string[] = [];
  url = "";

  async open(scope: Scope): Promise<this> {
    const server = createServer((request, response) => void this.#take(request, response));
    this.url = `http://127.0.0.1:${await listening(server)}`;
    afterwards(scope, () => server.close());
    afterwards(scope, () => server.closeAllConnections());
    return this;
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    assert.equal(request.headers["content-type"], "application/json");
    this.headers.push(String(request.headers["x-key"]));
    const body = (await json(request)) as Record<string, any[]>;
    if (request.url === "/v1/traces") this.#takeTraces(body["resourceSpans"]!);
    else if (request.url === "/v1/logs") this.#takeLogs(body["resourceLogs"]!);
    else if (request.url === "/v1/metrics") this.#takeMetrics(body["resourceMetrics"]!);
    response.end("{}");
  }

  #takeTraces(all: any[]): void {
    for (const { resource, scopeSpans } of all) {
      const app = readAttributes(resource.attributes)["service.name"] as string;
      for (const { spans } of scopeSpans)
        for (const span of spans) {
          assert.match(span.traceId, /^[0-9a-f]{32}$/);
          assert.match(span.spanId, /^[0-9a-f]{16}$/);
          for (const time of [span.startTimeUnixNano, span.endTimeUnixNano]) assert.match(time, /^\d{19}$/);
          assert.ok(BigInt(span.endTimeUnixNano) >= BigInt(span.startTimeUnixNano), span.name);
          this.spans.push({ ...span, app, attributes: readAttributes(span.attributes) });
        }
    }
  }

  #takeLogs(all: any[]): void {
    for (const { resource, scopeLogs } of all) {
      const app = readAttributes(resource.attributes)["service.name"] as string;
      for (const { logRecords } of scopeLogs)
        for (const { body, attributes, traceId, spanId, severityText } of logRecords)
          this.logs.push({ app, text: body.stringValue, traceId, spanId, severityText, facts: readAttributes(attributes) });
    }
  }

  #takeMetrics(all: any[]): void {
    for (const { resource, scopeMetrics } of all) {
      assert.equal(readAttributes(resource.attributes)["service.name"], "mayfly");
      for (const { metrics } of scopeMetrics)
        for (const { name, unit, ...data } of metrics) {
          const { dataPoints, aggregationTemporality, isMonotonic } = (data.sum ?? data.gauge ?? data.histogram) as Record<string, any>;
          if (data.sum !== undefined) assert.deepEqual([aggregationTemporality, isMonotonic], [2, true]);
          const points = dataPoints.map((point: any) => ({ facts: readAttributes(point.attributes), point }));
          this.metrics.set(name, { unit, points });
        }
    }
  }

  /** The spans of a trace, once they hold. */
  async trace(id: string, holds: (spans: Span[]) => boolean): Promise<Span[]> {
    const own = () => this.spans.filter(({ traceId }) => traceId === id);
    return eventually(`the spans of ${id}`, own, holds);
  }
}

const caller = { trace: "0af7651916cd43dd8448eb211c80319c", span: "b7ad6b7169203331" };
const sampled = { traceparent: `00-${caller.trace}-${caller.span}-01`, tracestate: "congo=t61" };

describe("a collector", () => {
  const scope = createScope();
  let collector: Collector;
  let platform: Platform;

  before(async () => {
    collector = await new Collector().open(scope);
    const otlp = { url: collector.url, headers: ["x-key=for tests"], metricsMs: 1_000, serverLog: true };
    platform = await startPlatform(scope, { driver: "process", blanks: 1, logLevel: "info", telemetry: { otlp } });
    await platform.deploy("test/apps/telemetry");
    await platform.client.setSecret("seen", "HOOK", "secret");
  });
  after(() => scope.close());

  /** Of a trace with spans of all these functions: each invocation's own span. */
  const named = (spans: Span[], name: string) => spans.find((span) => span.name === name && span.attributes["faas.name"] === name)!;

  /** What a change of the key-value store and one of the bucket start, each with its acceptance. */
  async function seesChanges(trace: string, parent: string): Promise<void> {
    const wanted = ["follows", "receives"];
    const spans = await collector.trace(trace, (all) => wanted.every((name) => all.some((each) => each.name === name)));
    for (const name of wanted) {
      const accept = spans.find((each) => each.name === `accept ${name}`)!;
      assert.deepEqual([accept.parentSpanId, named(spans, name).parentSpanId], [parent, accept.spanId], name);
    }
  }

  test("gets a span of a caller's trace with its stages, and the function gets the span's id", async () => {
    const seen = await (await platform.call("/seen/hello", { headers: sampled })).text();
    const spans = await collector.trace(caller.trace, (all) => all.some(({ name }) => name === "hello"));
    const whole = named(spans, "hello");
    assert.equal(seen, `00-${caller.trace}-${whole.spanId}-01`);
    assert.equal(whole.parentSpanId, caller.span);
    assert.deepEqual([whole.app, whole.kind, whole.status], ["seen", 2, undefined]);
    const {
      "faas.version": version,
      "faas.instance": machine,
      "faas.invocation_id": id,
      "http.response.body.size": bytes,
      ...facts
    } = whole.attributes;
    assert.match([version, machine, id, bytes].join(" "), /^rev_\w+ m\w+-\w+ (?!m)\w+-\w+ 55$/);
    assert.deepEqual(facts, {
      "faas.name": "hello",
      "faas.trigger": "http",
      "faas.coldstart": true,
      "faas.max_memory": 256 * 2 ** 20,
      "http.request.method": "GET",
      "http.response.status_code": 200,
      "http.request.body.size": 0,
      "network.protocol.name": "http",
      "mayfly.attempt": 1,
    });
    const stages = spans.filter(({ parentSpanId }) => parentSpanId === whole.spanId);
    assert.ok(
      stages.some(({ name }) => name === "bind") && stages.some(({ name }) => name === "run"),
      stages.map(({ name }) => name).join(),
    );
    for (const { startTimeUnixNano, endTimeUnixNano } of stages)
      assert.ok(startTimeUnixNano >= whole.startTimeUnixNano && endTimeUnixNano <= whole.endTimeUnixNano);
  });

  test("sees a call, a call of another function, an event and a message of a queue in one trace", async () => {
    const first = (await (await platform.call("/seen/calls")).json()) as { own: string; called: string };
    const [, id = "", span = ""] = first.own.split("-");
    assert.equal(first.called.split("-")[1], id);
    const traceparent = first.own;
    const accepted = await platform.call("/seen/hello", { headers: { prefer: "respond-async", traceparent } });
    assert.equal(accepted.status, 202);
    assert.equal((await (await platform.call("/seen/sends", { headers: { traceparent } })).text()).split("-")[1], id);
    const wanted = ["calls", "hello", "accept hello", "sends", "works"];
    const spans = await collector.trace(
      id,
      (all) => wanted.every((name) => all.some((each) => each.name === name)) && all.filter(({ name }) => name === "hello").length === 2,
    );
    const root = named(spans, "calls");
    assert.deepEqual([root.spanId, root.parentSpanId], [span, undefined]);
    const parents = (name: string) => spans.filter((each) => each.name === name).map(({ parentSpanId }) => parentSpanId);
    const accept = spans.find(({ name }) => name === "accept hello")!;
    assert.deepEqual(new Set(parents("hello")), new Set([root.spanId, accept.spanId]));
    assert.deepEqual([parents("accept hello"), parents("sends"), parents("works")], [[span], [span], [named(spans, "sends").spanId]]);
    assert.deepEqual(
      spans.filter(({ name }) => name === "works").map(({ kind, attributes }) => [kind, attributes["faas.trigger"]]),
      [[5, "pubsub"]],
    );
  });

  test("sees a batch of a queue as caused by all who sent its messages", async () => {
    const senders = ["44f7651916cd43dd8448eb211c80319c", "55f7651916cd43dd8448eb211c80319c"];
    const sent: string[] = [];
    for (const trace of senders) {
      const headers = { traceparent: `00-${trace}-${caller.span}-01` };
      sent.push((await (await platform.call("/seen/sends?pair", { headers })).text()).split("-")[2]!);
    }
    const spans = await eventually(
      "the batch's span",
      () => collector.spans.filter(({ name }) => name === "pairs"),
      (all) => all.length > 0,
    );
    const causes = spans.flatMap(({ traceId, parentSpanId, links = [] }) => [
      [traceId, parentSpanId],
      ...links.map((link) => [link.traceId, link.spanId]),
    ]);
    assert.deepEqual(new Set(causes.map(String)), new Set(senders.map((trace, at) => `${trace},${sent[at]}`)));
    assert.deepEqual([spans.length, spans[0]!.links!.map(({ flags }) => flags)], [1, [1]]);
  });

  test("sees what a published event starts in the trace of the function that published it", async () => {
    const trace = "66f7651916cd43dd8448eb211c80319c";
    const traceparent = `00-${trace}-${caller.span}-01`;
    const [, , span] = (await (await platform.call("/seen/publishes", { headers: { traceparent } })).text()).split("-");
    const spans = await collector.trace(trace, (all) => all.some(({ name }) => name === "listens"));
    const accept = spans.find(({ name }) => name === "accept listens")!;
    assert.deepEqual([accept.parentSpanId, named(spans, "listens").parentSpanId], [span, accept.spanId]);
  });

  test("sees what changes of stores and buckets start in the trace of the function that made them", async () => {
    const trace = "aaf7651916cd43dd8448eb211c80319c";
    const headers = { traceparent: `00-${trace}-${caller.span}-01` };
    const [, , span] = (await (await platform.call("/seen/changes", { headers })).text()).split("-");
    await seesChanges(trace, span!);
  });

  test("sees what changes of stores and buckets start in the trace of the request that made them", async () => {
    const { apiUrl } = platform.running;
    const headersOf = (trace: object) => ({ authorization: `Bearer ${platform.running.token}`, ...trace });
    const trace = "bbf7651916cd43dd8448eb211c80319c";
    const put = await fetch(`${apiUrl}/v1/apps/seen/kv/seen/value?key=a`, {
      method: "PUT",
      headers: headersOf({ "content-type": "application/json", traceparent: `00-${trace}-${caller.span}-01` }),
      body: JSON.stringify({ value: "1" }),
    });
    assert.equal(put.status, 200);
    const [bucket] = await platform.client.buckets({ app: "seen" });
    const stored = await fetch(`${apiUrl}/v1/buckets/${bucket!.name}/object?key=a`, {
      method: "PUT",
      headers: headersOf({ "x-amzn-trace-id": `Root=1-${trace.slice(0, 8)}-${trace.slice(8)};Parent=${caller.span};Sampled=1` }),
      body: "1",
    });
    assert.equal(stored.status, 200);
    await seesChanges(trace, caller.span);
  });

  test("sees what a webhook starts in its sender's trace: its acceptance, each attempt, and what its failure starts", async () => {
    const trace = "77f7651916cd43dd8448eb211c80319c";
    const headers = { traceparent: `00-${trace}-${caller.span}-01`, authorization: "Bearer secret" };
    const event = { specversion: "1.0", id: "1", source: "/tests", type: "test" };
    const sent = await fetch(`${platform.running.gatewayUrl}/_mayfly/hooks/seen/hook`, {
      method: "POST",
      headers: { ...headers, "content-type": "application/cloudevents+json" },
      body: JSON.stringify(event),
    });
    assert.equal(sent.status, 202);
    const spans = await collector.trace(trace, (all) => all.some(({ name }) => name === "hears"));
    const accept = spans.find(({ name }) => name === "accept flaky")!;
    assert.equal(accept.parentSpanId, caller.span);
    const attempts = spans.filter(({ name }) => name === "flaky");
    assert.deepEqual(
      new Set(attempts.map(({ parentSpanId, attributes }) => `${parentSpanId} ${String(attributes["mayfly.attempt"])}`)),
      new Set([1, 2].map((attempt) => `${accept.spanId} ${attempt}`)),
    );
    assert.equal(named(spans, "hears").parentSpanId, accept.spanId);
  });

  test("sees what a schedule starts as linked to who made the schedule", async () => {
    const credentials = await createKey(platform.running.apiUrl, platform.stateDir);
    const region = "eu-central-1";
    const scheduler = new SchedulerClient({ endpoint: platform.running.apiUrl, region, credentials, maxAttempts: 1 });
    afterwards(scope, () => scheduler.destroy());
    const trace = "88f7651916cd43dd8448eb211c80319c";
    scheduler.middlewareStack.add(
      (next) => (args) => {
        const { headers } = args.request as { headers: Record<string, string> };
        headers["x-amzn-trace-id"] = `Root=1-${trace.slice(0, 8)}-${trace.slice(8)};Parent=${caller.span};Sampled=1`;
        return next(args);
      },
      { step: "build" },
    );
    const account = "0".repeat(12);
    const RoleArn = `arn:aws:iam::${account}:role/any`;
    await scheduler.send(
      new CreateScheduleCommand({
        Name: "soon",
        // Its next time is in some seconds; if the host is too slow for that one, there is another a minute later.
        ScheduleExpression: "rate(1 minute)",
        StartDate: new Date(Date.now() - 57_000),
        FlexibleTimeWindow: { Mode: "OFF" },
        Target: { Arn: `arn:aws:lambda:${region}:${account}:function:seen--hears`, RoleArn },
      }),
    );
    const isLinked = ({ links = [] }: Span) => links.some((link) => link.traceId === trace && link.spanId === caller.span);
    const [accept] = await eventually(
      "the accepted event",
      () => collector.spans.filter((span) => span.name === "accept hears" && isLinked(span)),
      (all) => all.length > 0,
      120_000,
    );
    assert.deepEqual([accept!.parentSpanId, accept!.traceId === trace], [undefined, false]);
    const spans = await collector.trace(accept!.traceId, (all) => all.some(({ name }) => name === "hears"));
    assert.equal(named(spans, "hears").parentSpanId, accept!.spanId);
  });

  test("sees a durable execution as one span, whose children are the calls of its function and of what that invokes", async () => {
    const trace = "99f7651916cd43dd8448eb211c80319c";
    const headers = { traceparent: `00-${trace}-${caller.span}-01` };
    assert.equal(await (await platform.call("/seen/runs", { method: "POST", headers })).text(), "heard of it");
    const spans = await collector.trace(trace, (all) => all.some(({ name }) => name.startsWith("run ")));
    const whole = spans.find(({ name }) => name.startsWith("run "))!;
    assert.deepEqual(
      [whole.name, whole.parentSpanId, whole.attributes["mayfly.execution.status"]],
      ["run seen--runs", caller.span, "SUCCEEDED"],
    );
    const children = spans.filter(({ parentSpanId }) => parentSpanId === whole.spanId);
    const names = children.map(({ name }) => name);
    assert.ok(names.filter((name) => name === "runs").length >= 2 && names.includes("hears"), names.join());
    for (const { startTimeUnixNano, endTimeUnixNano } of children)
      assert.ok(startTimeUnixNano >= whole.startTimeUnixNano && startTimeUnixNano <= endTimeUnixNano);
  });

  test("is told of failures by their codes, and not told of traces that their callers do not record", async () => {
    const unsampled = "11f7651916cd43dd8448eb211c80319c";
    const text = await (await platform.call("/seen/hello", { headers: { traceparent: `00-${unsampled}-${caller.span}-00` } })).text();
    assert.equal(text, `00-${unsampled}-${caller.span}-00`);
    const trace = "22f7651916cd43dd8448eb211c80319c";
    await platform.call("/seen/fails", { headers: { traceparent: `00-${trace}-${caller.span}-01` }, method: "PROPFIND" });
    const spans = await collector.trace(trace, (all) => all.some(({ name }) => name === "fails"));
    const { status, attributes } = named(spans, "fails");
    assert.deepEqual(status, { code: 2, message: "function-threw" });
    assert.deepEqual([attributes["error.type"], attributes["http.request.method"]], ["function-threw", "_OTHER"]);
    assert.ok(!collector.spans.some(({ traceId }) => traceId === unsampled));
  });

  test("gets lines of logs with their trace, and the metrics", async () => {
    const traceparent = `00-33f7651916cd43dd8448eb211c80319c-${caller.span}-01`;
    const text = await (await platform.call("/seen/hello", { headers: { traceparent } })).text();
    const [, traceId, spanId] = text.split("-");
    const [line] = await eventually(
      "the line",
      () => collector.logs.filter((each) => each.text.includes(text)),
      (lines) => lines.length > 0,
    );
    assert.deepEqual(
      [line!.app, line!.traceId, line!.spanId, line!.severityText, line!.facts["faas.name"]],
      ["seen", traceId, spanId, "INFO", "hello"],
    );
    const { unit, points } = await eventually(
      "the metric",
      () => collector.metrics.get("faas.invoke_duration"),
      (metric) => metric !== undefined,
    ).then((metric) => metric!);
    assert.equal(unit, "s");
    const { point } = points.find(({ facts }) => facts["app"] === "seen" && facts["function"] === "hello")!;
    assert.equal(point["bucketCounts"].length, point["explicitBounds"].length + 1);
    assert.equal(
      point["bucketCounts"].reduce((sum: number, count: string) => sum + Number(count), 0),
      Number(point["count"]),
    );
    assert.deepEqual([...new Set(collector.headers)], ["for tests"]);
  });

  test("gets the server's own log, where the settings say so", async () => {
    const [line] = await eventually(
      "the line",
      () => collector.logs.filter(({ app, text }) => app === "mayfly" && text === "up"),
      (lines) => lines.length > 0,
    );
    const { severityText, traceId, facts } = line!;
    assert.deepEqual([severityText, traceId, facts["gateway"]], ["INFO", undefined, platform.running.gatewayUrl]);
  });
});

test("a collector that is down, and one that never answers, cost calls nothing, and what it lacks is counted", async () => {
  const scope = createScope();
  try {
    const silent = createServer(() => undefined);
    const port = await listening(silent);
    afterwards(scope, () => silent.close());
    afterwards(scope, () => silent.closeAllConnections());
    for (const to of [await freePort(), port]) {
      const otlp = { url: `http://127.0.0.1:${to}`, signals: ["traces", "logs"] };
      const platform = await startPlatform(scope, { driver: "process", blanks: 1, logLevel: "silent", telemetry: { otlp } });
      await platform.deploy("test/apps/telemetry");
      const asked = to === port ? once(silent, "request") : undefined;
      for (let n = 0; n < 5; n++) assert.equal((await platform.call("/seen/hello", { headers: sampled })).status, 200);
      if (asked === undefined)
        await eventually(
          "the count",
          () => platform.client.metrics(),
          (page) => /^mayfly_otlp_dropped_total\{signal="traces"\} [1-9]/m.test(page),
        );
      else await asked;
      await platform.running.close();
    }
  } finally {
    await scope.close();
  }
});
