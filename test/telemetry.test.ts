/** What a server tells other tools of itself: metrics for Prometheus, and the health for load balancers. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { systemClock } from "../src/base/clock/clock.ts";
import { createClient } from "../src/doors/admin/client.ts";
import { mayfly } from "./command.ts";
import { createScope, eventually, type Platform, startPlatform, temporaryFolder, projectDir } from "./platform.ts";
import { EventStream } from "../src/telemetry/event-stream.ts";
import { openMetrics } from "../src/telemetry/metrics/open-metrics.ts";
import { prometheusName } from "../src/telemetry/metrics/prometheus-text.ts";
import { promtool } from "./promtool.ts";

/** The value of the only line of the page that begins like this. */
function valueOf(page: string, start: string): number {
  const lines = page.split("\n").filter((line) => line.startsWith(start));
  assert.equal(lines.length, 1, `${start}: ${lines.join(" | ")}`);
  return Number(lines[0]!.split(" ").at(-1));
}

describe("metrics", () => {
  const scope = createScope();
  let platform: Platform;
  let accessFile: string;

  before(async () => {
    accessFile = join(temporaryFolder(scope), "access.log");
    platform = await startPlatform(scope, {
      driver: "process",
      blanks: 1,
      telemetry: { listen: "127.0.0.1:0" },
      accessLog: { file: accessFile },
    });
    await platform.deploy("test/apps/telemetry");
    for (let n = 0; n < 3; n++) assert.equal((await platform.call("/seen/hello")).status, 200);
    assert.equal((await platform.call("/seen/fails")).status, 500);
  });
  after(() => scope.close());

  test("calls, errors, durations, cold starts, machines, memory, CPU and cost of an app are on the page", async () => {
    const page = await eventually(
      "the page with what the machine used",
      // A list of machines is as of now, and so is the page then.
      () => platform.client.machines().then(() => platform.client.metrics()),
      (text) =>
        /^mayfly_channel_io_bytes_total\{tenant="main",app="seen",direction="transmit"\} [1-9]/m.test(text) &&
        /^mayfly_cpu_time_seconds_total\{tenant="main",app="seen",stage="run"\} /m.test(text) &&
        /^mayfly_memory_held_bytes\{tenant="main",app="seen"\} [1-9]/m.test(text),
    );
    const hello = 'tenant="main",app="seen",function="hello"';
    assert.equal(valueOf(page, `faas_invocations_total{${hello},status="2xx"}`), 3);
    assert.equal(valueOf(page, `faas_invoke_duration_seconds_count{${hello}}`), 3);
    assert.equal(valueOf(page, 'faas_errors_total{tenant="main",app="seen",function="fails",error_type="function-threw"'), 1);
    assert.ok(valueOf(page, `faas_coldstarts_total{${hello}}`) <= 1);
    assert.equal(valueOf(page, 'mayfly_machines{tenant="main",app="seen",phase="bound"}'), 1);
    assert.equal(valueOf(page, 'mayfly_calls_running{tenant="main",app="seen"}'), 0);
    for (const direction of ["transmit", "receive"])
      assert.ok(valueOf(page, `mayfly_channel_io_bytes_total{tenant="main",app="seen",direction="${direction}"}`) > 100, direction);
    assert.ok(valueOf(page, 'mayfly_guest_eventloop_delay_seconds{tenant="main",app="seen"}') >= 0);
    assert.ok(valueOf(page, 'mayfly_cost_month{tenant="main",app="seen",currency="USD"}') >= 0);
    assert.equal(valueOf(page, 'mayfly_server_info{version="0.1.0",driver="process"}'), 1);
    for (const name of [
      "system_cpu_time_seconds_total",
      "process_memory_usage_bytes",
      "mayfly_machine_starts_total",
      "system_memory_limit_bytes",
    ])
      assert.match(page, new RegExp(`^${name}[ {]`, "m"));
  });

  test("messages of queues are on the page, those that wait apart from those that come later", async () => {
    await platform.client.createQueue({ name: "own" });
    for (const delayS of [0, 0, 600]) await platform.client.sendToQueue("own", { body: "x", delayS });
    const page = await platform.client.metrics();
    const messages = (app: string, queue: string, state: string) =>
      valueOf(page, `mayfly_queue_messages{tenant="main",app="${app}",queue="${queue}",state="${state}"}`);
    assert.deepEqual(
      ["visible", "in_flight", "delayed"].map((state) => messages("", "own", state)),
      [2, 0, 1],
    );
    assert.equal(messages("seen", "seen-jobs", "visible"), 0);
  });

  test("each request has a line in the access log, the refused ones too", async () => {
    await platform.call("/nowhere/at/all?x=1");
    const lines = await eventually(
      "the lines",
      () => readFileSync(accessFile, "utf8").split("\n").slice(0, -1),
      (all) => all.length >= 5,
    );
    const told = lines.slice(0, 5).map((line) => {
      const { tenant, app, function: name, status, error, path } = JSON.parse(line) as Record<string, unknown>;
      return [path, tenant, app, name, status, error];
    });
    const hello = ["/seen/hello", "main", "seen", "hello", 200, undefined];
    assert.deepEqual(told, [
      hello,
      hello,
      hello,
      ["/seen/fails", "main", "seen", "fails", 500, "function-threw"],
      ["/nowhere/at/all", undefined, undefined, undefined, 404, "no-such-route"],
    ]);
  });

  test("mayfly top tells what happens in an interval", async () => {
    const { apiUrl: api, token } = platform.running;
    const outcome = mayfly(["top", "--once", "--every", "2", "--by", "function"], { env: { MAYFLY_API: api, MAYFLY_TOKEN: token } });
    const json = mayfly(["top", "--once", "--every", "2", "--json"], { env: { MAYFLY_API: api, MAYFLY_TOKEN: token } });
    const { code, stdout, stderr } = await outcome;
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^calls .*\nmachines 1 bound.*\n\nAPP +FUNCTION +CALLS +ERRORS +COLD +P50 +P99\n/);
    assert.match(stdout, /^seen +hello +\d/m);
    const { apps } = JSON.parse((await json).stdout) as { apps: { app: string; machines: number }[] };
    assert.deepEqual(
      apps.map(({ app, machines }) => [app, machines]),
      [["seen", 1]],
    );
  });

  test("Prometheus's own checker finds nothing wrong", async () => {
    const page = await platform.client.metrics();
    assert.deepEqual(await promtool(["check", "metrics"], page), { code: 0, said: "" });
  });

  test("the same page is had without a token at an address of its own, and nothing else is", async () => {
    const url = platform.running.telemetryUrl!;
    const response = await fetch(`${url}/metrics`);
    assert.equal(response.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    assert.match(await response.text(), /^faas_invocations_total\{tenant="main",app="seen"/m);
    assert.deepEqual(await (await fetch(`${url}/health`)).json(), { status: "ok" });
    for (const path of ["/", "/v1/apps", "/metrics/", "/openapi.json"]) assert.equal((await fetch(url + path)).status, 404, path);
    assert.equal((await fetch(`${url}/metrics`, { method: "POST" })).status, 404);
  });

  test("who may see one app sees that app's metrics, and nothing of the server; who has no token sees none", async () => {
    const { token } = await platform.client.createToken({ principal: "one", role: "reader", apps: ["seen"] });
    const limited = createClient({ url: platform.running.apiUrl, token });
    const page = await limited.metrics();
    assert.match(page, /^faas_invocations_total\{tenant="main",app="seen"/m);
    for (const line of page.split("\n")) if (line !== "" && !line.startsWith("#")) assert.match(line, /\{tenant="main",app="seen"/);
    assert.equal((await fetch(`${platform.running.apiUrl}/v1/metrics`)).status, 401);
    const families = await limited.metricFamilies();
    assert.ok(families.some(({ name, points }) => name === "faas.invocations" && points.some(({ value }) => value === 3)));
  });

  test("counts of an app that is removed are gone from the page", async () => {
    await platform.deploy("examples/hello", { name: "passing" });
    assert.equal((await platform.call("/passing/hello")).status, 200);
    assert.match(await platform.client.metrics(), /app="passing"/);
    await platform.client.removeApp("passing");
    const left = (text: string) => text.split("\n").filter((line) => line.includes('app="passing"'));
    // What it cost this month stays, as it does in the bill; its machine takes a moment to end.
    await eventually(
      "the page without it",
      () => platform.client.metrics(),
      (text) => left(text).every((line) => line.startsWith("mayfly_cost_month")),
    );
  });
});

test("while a server drains, its health says so and calls are still taken; without metrics, nobody gets any", async () => {
  const DRAIN_MS = 54_321;
  const scope = createScope();
  const draining = Promise.withResolvers<() => void>();
  const clock = {
    ...systemClock,
    after(ms: number, callback: () => void) {
      if (ms !== DRAIN_MS) return systemClock.after(ms, callback);
      draining.resolve(callback);
      return () => undefined;
    },
  };
  const settings = { driver: "process", blanks: 1, drainMs: DRAIN_MS, telemetry: { metrics: false, listen: "127.0.0.1:0" } };
  const platform = await startPlatform(scope, settings, { clock });
  const { running, client } = platform;
  try {
    await platform.deploy("test/apps/telemetry");
    const health = async (url: string) => {
      const response = await fetch(url);
      return [response.status, await response.json()];
    };
    const urls = [`${running.telemetryUrl}/health`, `${running.gatewayUrl}/_mayfly/health`];
    for (const url of urls) assert.deepEqual(await health(url), [200, { status: "ok" }]);
    assert.equal((await fetch(`${running.telemetryUrl}/metrics`)).status, 404);
    await assert.rejects(client.metrics(), { code: "no-metrics" });
    const closed = running.close();
    const goOn = await draining.promise;
    for (const url of urls) assert.deepEqual(await health(url), [503, { status: "draining" }]);
    assert.equal((await platform.call("/seen/hello")).status, 200);
    goOn();
    await closed;
    await assert.rejects(fetch(urls[1]!));
  } finally {
    // A test that failed before must not leave the server waiting.
    void draining.promise.then((goOn) => goOn());
    await scope.close();
  }
});

describe("what is shipped for Prometheus and Grafana", () => {
  const folder = join(projectDir, "docs/telemetry");
  const dashboard = JSON.parse(readFileSync(join(folder, "grafana.json"), "utf8")) as {
    panels: { title: string; targets?: { expr: string }[] }[];
  };
  const queries = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));

  test("Prometheus's checker takes the rules of the alerts, and the dashboard's queries", async () => {
    const { code, said } = await promtool(["check", "rules", join(folder, "alerts.yml")]);
    assert.equal(code, 0, said);
    const scope = createScope();
    const file = join(temporaryFolder(scope), "queries.json");
    const filled = queries.map((expr) => expr.replaceAll("$__rate_interval", "5m").replaceAll(/\$\w+/g, ".*"));
    writeFileSync(file, JSON.stringify({ groups: [{ name: "d", rules: filled.map((expr, at) => ({ record: `query:${at}`, expr })) }] }));
    const checked = await promtool(["check", "rules", file]);
    await scope.close();
    assert.equal(checked.code, 0, checked.said);
  });

  test("they ask for metrics that there are", async () => {
    const events = new EventStream(systemClock, (error) => assert.fail(String(error)));
    const labelsOf = () => undefined;
    const metrics = openMetrics({ events, labelsOf, most: 1, info: {} });
    metrics.readFrom({
      machines: () => [],
      inFlight: () => [],
      events: () => Promise.resolve([]),
      queues: () => Promise.resolve([]),
      costs: () => ({ currency: "", apps: [] }),
    });
    await metrics.collect();
    const families = await metrics.collect();
    metrics.close();
    // These are there where something is exported, or the host has had a machine.
    const known = new Set([
      "up",
      "mayfly_otlp_dropped_total",
      "mayfly_hypervisor_cpu_time_seconds_total",
      "mayfly_hypervisor_cpu_wait_time_seconds_total",
      "mayfly_hypervisor_memory_usage_bytes",
      "mayfly_emulator_code_size_bytes",
    ]);
    for (const family of families) {
      const name = prometheusName(family);
      for (const end of family.kind === "histogram" ? ["_bucket", "_count", "_sum"] : [""]) known.add(name + end);
    }
    const texts = [...queries, readFileSync(join(folder, "alerts.yml"), "utf8")];
    const asked = new Set(texts.flatMap((text) => text.match(/\b(?:faas|mayfly|process|system|nodejs|v8js)_\w+/g) ?? []));
    assert.ok(asked.size > 20);
    assert.deepEqual(
      [...asked].filter((name) => !known.has(name)),
      [],
    );
  });
});
