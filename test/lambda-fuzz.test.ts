/** Every operation of AWS Lambda's API is sent what no SDK sends, by a client that signs it well: it answers, in AWS's words, and what it meets is the caller's fault. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { after, before, test } from "node:test";
import { join } from "node:path";
import { SignatureV4 } from "@smithy/signature-v4";
import { Random, seedOf } from "../src/base/testing/random.ts";
import { oddBody, oddText } from "../src/doors/admin/testing/odd-json.ts";
import type { LambdaRoute } from "../src/doors/lambda/call.ts";
import { executionRoutes } from "../src/doors/lambda/durable/execution-routes.ts";
import { invokeRoutes } from "../src/doors/lambda/invoke/invoke-routes.ts";
import { lambdaRoutes } from "../src/doors/lambda/routes.ts";
import { Sha256 } from "../src/doors/signature/sha256.ts";
import { serve, type Server } from "./command.ts";
import { createKey, type KeyPair } from "./lambda/key.ts";
import { zip } from "./lambda/zip.ts";
import { createScope, projectDir, temporaryFolder } from "./platform.ts";

const seed = seedOf();
const REQUESTS = 2_500;
const NAMES = [
  "one",
  "two",
  "one:1",
  "1",
  "live",
  "$LATEST",
  "000000000000:one",
  "arn:aws:lambda:us-east-1:000000000000:function:one",
  "ALL",
  "layer",
];
const sources = globSync("src/doors/lambda/**/*.ts", { cwd: projectDir }).map((file) => readFileSync(join(projectDir, file), "utf8"));
/** What the operations read of bodies and queries. */
const members = unique(/\.(?:text|number|integer|flag|texts|object|objects|map|numbers|has|raw)\("(\w+)"\)/g);
const parameters = unique(/(?:query\.(?:get|getAll)|queryNumber\(query,)\(?"?\s*"?(\w+)"/g);

function unique(pattern: RegExp): string[] {
  return [...new Set(sources.flatMap((text) => [...text.matchAll(pattern)].map(([, name]) => name!)))];
}

const scope = createScope();
let server: Server;
let key: KeyPair;
before(async () => {
  const stateDir = temporaryFolder(scope);
  server = await serve(scope, stateDir, ["--driver", "process", "--blanks", "0", "--max-machines", "2"]);
  key = await createKey(server.apiUrl, stateDir);
});
after(() => scope.close());

const agent = new Agent({ keepAlive: true, maxSockets: 1 });
scope.after(() => agent.destroy());

async function send(method: string, path: string, query: Record<string, string>, more: Record<string, string>, body: string) {
  const { hostname, port, host } = new URL(server.apiUrl);
  const signer = new SignatureV4({ service: "lambda", region: "us-east-1", credentials: key, sha256: Sha256 });
  const asked = {
    protocol: "http:",
    hostname,
    method,
    path,
    query,
    headers: { host, "content-length": String(Buffer.byteLength(body)), ...more },
    body,
  };
  const { headers } = await signer.sign(asked);
  const search = Object.entries(query).map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`);
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string; error: string | undefined }>();
  const target = search.length > 0 ? `${path}?${search.join("&")}` : path;
  const sent = request({ hostname, port, method, path: target, headers, agent }, (response) => {
    let text = "";
    response.setEncoding("latin1").on("data", (chunk: string) => (text += chunk));
    response.on("end", () => resolve({ status: response.statusCode!, text, error: response.headers["x-amzn-errortype"]?.toString() }));
    response.on("error", reject);
  });
  sent.on("error", reject).end(body);
  return promise;
}

test(`whatever an operation is sent, it answers (seed ${seed})`, async () => {
  const random = new Random(seed);
  // Only their table is read here, and nothing of what they would need.
  const routes: LambdaRoute[] = [...lambdaRoutes({} as never), ...invokeRoutes({ limits: {} } as never), ...executionRoutes({} as never)];
  const code = zip([{ name: "index.js", content: "exports.handler = async () => 1;" }]).toString("base64");
  const sound = [
    '"one"',
    '"two"',
    '"1"',
    '"$LATEST"',
    '"nodejs24.x"',
    '"index.handler"',
    '"arn:aws:iam::000000000000:role/any"',
    `{"ZipFile":"${code}"}`,
    `"${code}"`,
    "3",
    "128",
    "true",
    '{"1":0.5}',
  ];
  const made = {
    FunctionName: "one",
    Runtime: "nodejs24.x",
    Handler: "index.handler",
    Role: "arn:aws:iam::000000000000:role/any",
    Code: { ZipFile: code },
  };
  await send("POST", "/2015-03-31/functions", {}, {}, JSON.stringify(made));
  const statuses = new Map<number, number>();
  for (let round = 0; round < REQUESTS; round++) {
    const { method, path: pattern, operation } = random.pick(routes);
    const [plain = "", wanted] = pattern.split("?");
    // Its result would be waited for.
    const path = plain.replaceAll(/\{\w+\}/g, () => encodeURIComponent(oddText(random, NAMES)) || "x");
    const query = Object.fromEntries(parameters.filter(() => random.chance(0.2)).map((name) => [name, oddText(random, NAMES)]));
    if (wanted !== undefined) query[wanted.split("=")[0]!] = wanted.split("=")[1]!;
    const more = random.chance(0.3)
      ? { "x-amz-invocation-type": random.pick(["Event", "DryRun", "RequestResponse", "x"]), "x-amz-client-context": "e30=" }
      : {};
    const body =
      method === "GET"
        ? ""
        : oddBody(
            random,
            members.filter(() => random.chance(0.4)),
            sound,
          );
    const { status, text, error } = await send(method, path, query, more, body);
    const what = `round ${round}, ${operation}: ${status} ${error} ${text.slice(0, 300)}; ${method} ${path} ${JSON.stringify(query)} ${body.slice(0, 800)}`;
    assert.ok(status < 500 || (error === "ServiceException" && /no.room|disk/.test(text)), what);
    if (status >= 400) assert.match(error ?? "", /^\w+$/, what);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }
  assert.ok((statuses.get(200) ?? 0) > 50 && (statuses.get(400) ?? 0) > 100, JSON.stringify([...statuses]));
});
