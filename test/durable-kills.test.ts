/** kill -9 of the server and of machines, at any moment and under load: no execution that was accepted is lost, and no checkpoint that was confirmed. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { Random, seedOf } from "../src/base/testing/random.ts";
import { bundleApp } from "../src/bundle/bundle-app.ts";
import { type Client, createClient } from "../src/doors/admin/client.ts";
import { type Server, serve } from "./command.ts";
import { createKey } from "./lambda/key.ts";
import { eventually, projectDir, temporaryFolder } from "./platform.ts";

const DEATHS = 10;
const STARTERS = 8;
const STEPS = 12;
/** Of a thousand steps, so many end their machine. */
const CRASHES = 10;
const LEAST = 300;

interface Note {
  name: string;
  at: number;
  before: string | null;
  value: string;
}

test(`executions of ${STEPS} steps over ${DEATHS} deaths of the server, whose machines die, too: each ends, and no confirmed step is lost`, async (t) => {
  const seed = seedOf();
  t.diagnostic(`seed ${seed}`);
  const random = new Random(seed);
  const folder = temporaryFolder(t);
  const [stateDir, file] = [join(folder, "state"), join(folder, "noted")];
  writeFileSync(file, "");
  const accepted = new Set<string>();
  const start = () => serve(t, stateDir, ["--driver", "process", "--blanks", "1"]);

  let server = await start();
  const { manifest, bundles } = await bundleApp(join(projectDir, "test/apps/durable"));
  await clientOf(server, stateDir).deploy({ ...manifest, env: { FILE: file } }, bundles);
  const credentials = await createKey(server.apiUrl, stateDir);
  let next = 0;
  for (let death = 0; death < DEATHS; death++) {
    if (death > 0) server = await start();
    const stop = new AbortController();
    const lambda = new LambdaClient({ endpoint: server.apiUrl, region: "us-east-1", credentials, maxAttempts: 1 });
    const starters = Array.from({ length: STARTERS }, () => startMany(lambda, stop.signal));
    await eventually(
      "executions that were accepted",
      () => accepted.size,
      (count) => count >= (LEAST / DEATHS) * (death + 1),
    );
    await sleep(random.between(0, 500));
    server.child.kill("SIGKILL");
    stop.abort();
    await Promise.all(starters);
    lambda.destroy();
    await server.end("SIGKILL");
  }
  server = await start();
  const client = clientOf(server, stateDir);
  await eventually(
    "the executions that are left",
    async () => (await client.runs("durable", { status: "RUNNING", limit: 1 })).runs.length,
    (count) => count === 0,
    300_000,
  );

  const notes = readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Note);
  const noted = Map.groupBy(notes, ({ name }) => name);
  let [confirmed, calls] = [0, 0];
  for (const name of accepted) {
    const { status, result, calls: own } = await client.run("durable", name);
    assert.equal(status, "SUCCEEDED", name);
    const made = JSON.parse(result!) as string[];
    assert.equal(made.length, STEPS);
    // Whatever a later step has seen was confirmed, and stays what it was.
    for (const { at, before } of noted.get(name)!) if (at > 0) assert.equal(before, made[at - 1], `step ${at - 1} of ${name}`);
    confirmed += made.length;
    calls += own;
  }
  t.diagnostic(
    `${accepted.size} executions were accepted over ${DEATHS} deaths of the server, and all of them ended; ${confirmed} checkpoints of steps were confirmed, and none is lost; ` +
      `steps ran ${notes.length} times, functions were called ${calls} times`,
  );
  assert.ok(calls > 2 * accepted.size, "machines died, too");
  assert.equal(await server.end("SIGTERM"), 0);

  /** Starts executions until the server dies. One counts as accepted if the answer has come. */
  async function startMany(lambda: LambdaClient, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const name = `chain-${next++}`;
      try {
        const Payload = JSON.stringify({ name, steps: STEPS, crashes: CRASHES });
        const command = new InvokeCommand({ FunctionName: "durable--chain", InvocationType: "Event", DurableExecutionName: name, Payload });
        const { StatusCode } = await lambda.send(command, { abortSignal: signal });
        if (StatusCode === 202) accepted.add(name);
      } catch {
        // The server is dead, and what it did not answer may be there or not.
        if (signal.aborted) return;
      }
      await sleep(20);
    }
  }
});

function clientOf(server: Server, stateDir: string): Client {
  return createClient({ url: server.apiUrl, token: readFileSync(join(stateDir, "api-token"), "utf8").trim() });
}
