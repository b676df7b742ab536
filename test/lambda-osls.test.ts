/** The open Serverless Framework (npm's osls), without its cloud or AWS's: what it packages, and the deploys and calls of single functions, which it makes by AWS Lambda's API alone. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { CreateFunctionCommand, LambdaClient, waitUntilFunctionActiveV2 } from "@aws-sdk/client-lambda";
import { serve } from "./command.ts";
import { createKey } from "./lambda/key.ts";
import { installedFrom } from "./npm-tool.ts";
import { temporaryFolder } from "./platform.ts";

const run = promisify(execFile);
const role = "arn:aws:iam::000000000000:role/any";
const region = "us-east-1";

const service = `service: shop
provider:
  name: aws
  runtime: nodejs24.x
  region: ${region}
  iam:
    role: ${role}
functions:
  hello:
    handler: index.hello
    name: shop-hello
    timeout: 60
    environment:
      COLOUR: blue
`;

const code = (name: string) =>
  `exports.hello = async (event) => { console.log("seen", event); return { ${name}: event, colour: process.env.COLOUR }; };\n`;

test("osls packages a service, deploys a function of it and calls it", async (context) => {
  const osls = await installed();
  const stateDir = temporaryFolder(context);
  const { apiUrl } = await serve(context, stateDir, ["--driver", "process", "--blanks", "0"]);
  const credentials = await createKey(apiUrl, stateDir);
  const folder = temporaryFolder(context);
  writeFileSync(join(folder, "serverless.yml"), service);
  writeFileSync(join(folder, "index.js"), code("first"));
  const env = {
    PATH: process.env["PATH"],
    HOME: folder,
    CI: "1",
    SLS_TELEMETRY_DISABLED: "1",
    SLS_NOTIFICATIONS_MODE: "off",
    AWS_ENDPOINT_URL_LAMBDA: apiUrl,
    AWS_REGION: region,
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  };
  const sls = async (...args: string[]) => (await run(process.execPath, [osls, ...args], { cwd: folder, env })).stdout;

  await sls("package");
  const lambda = new LambdaClient({ endpoint: apiUrl, region, credentials });
  const ZipFile = readFileSync(join(folder, ".serverless/shop.zip"));
  await lambda.send(
    new CreateFunctionCommand({ FunctionName: "shop-hello", Role: role, Runtime: "nodejs24.x", Handler: "index.hello", Code: { ZipFile } }),
  );
  await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 120 }, { FunctionName: "shop-hello" });
  assert.deepEqual(JSON.parse(await sls("invoke", "--function", "hello", "--data", '{"a":1}')), { first: { a: 1 } });

  writeFileSync(join(folder, "index.js"), code("second"));
  await sls("deploy", "function", "--function", "hello");
  const printed = await sls("invoke", "--function", "hello", "--data", '{"a":2}', "--log");
  const end = printed.lastIndexOf("}", printed.indexOf("START")) + 1;
  assert.deepEqual(JSON.parse(printed.slice(0, end)), { second: { a: 2 }, colour: "blue" });
  assert.match(printed, /seen \{ a: 2 \}/);
});

/** Where its command is. */
async function installed(): Promise<string> {
  return join(await installedFrom(join(import.meta.dirname, "osls"), "test-osls"), "node_modules/.bin/osls");
}
