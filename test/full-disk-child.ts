/** Runs a server on the given disk, fills the disk, and reports how the server behaves: see full-disk.test.ts. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { CreateFunctionCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { createClient } from "../src/doors/admin/client.ts";
import { manifestSchema } from "../src/store/catalog/manifest.ts";
import { loadConfig } from "../src/base/config/load.ts";
import { startMayfly } from "../src/main.ts";
import { fillDisk } from "./fill-disk.ts";
import { zip } from "./lambda/zip.ts";
import { deploy, eventually } from "./platform.ts";

const dir = process.argv[2] as string;
const flags = {
  stateDir: join(dir, "state"),
  listen: "127.0.0.1:0",
  api: "127.0.0.1:0",
  driver: "process",
  blanks: 0,
  idleMs: 0,
  logLevel: "silent",
};
const running = await startMayfly(loadConfig({ flags }));
const client = createClient({ url: running.apiUrl, token: running.token });
/** What callers were told of failures. */
const told: string[] = [];
const call = async () => (await fetch(`${running.gatewayUrl}/hello/hello`)).status;

await deploy(client, "examples/hello");
await eventually(
  "no machine is left",
  () => client.machines(),
  (machines) => machines.length === 0,
);
const token = await client.createToken({ principal: "ci", role: "deployer" });
await client.createTenant("acme");
const { id: accessKeyId, secret: secretAccessKey } = await client.createKey({ principal: "aws", role: "deployer" });
const lambda = new LambdaClient({
  endpoint: running.apiUrl,
  region: "us-east-1",
  credentials: { accessKeyId, secretAccessKey },
  maxAttempts: 1,
});
const filler = fillDisk(dir);
const machines = (await client.machines()).length;
const called = await call();
const deployed = await codeOf(deployLarge);
const created = await codeOf(createLarge);
const revoked = await codeOf(() => client.revokeToken(token.id));
const tenantRemoved = await codeOf(() => client.removeTenant("acme", true));
const removed = await codeOf(() => client.removeApp("hello"));
const after = await call();
rmSync(filler);
const deployedAgain = await codeOf(() => deploy(client, "examples/hello"));
const calledAgain = await call();
await running.close();
const naming = told.filter((text) => text.includes(dir));
console.log(
  JSON.stringify({ machines, called, deployed, created, naming, revoked, tenantRemoved, removed, after, deployedAgain, calledAgain }),
);
process.exit();

/** Larger than the space that SQLite has already reserved. */
function deployLarge(): Promise<unknown> {
  const manifest = manifestSchema.parse({ name: "large", functions: { main: { entry: "a.ts" } } });
  return client.deploy(manifest, [{ function: "main", format: "cjs", code: Buffer.alloc(20_000_000, 65) }]);
}

/** By AWS Lambda's API. */
function createLarge(): Promise<unknown> {
  return lambda.send(
    new CreateFunctionCommand({
      FunctionName: "large",
      Role: "arn:aws:iam::000000000000:role/any",
      Runtime: "nodejs24.x",
      Handler: "index.handler",
      Code: { ZipFile: zip([{ name: "index.js", content: Buffer.alloc(20_000_000, 65) }]) },
    }),
  );
}

/** Returns the error's code, or "" if the work succeeded. */
async function codeOf(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
    return "";
  } catch (error) {
    const { code, name, message, cure } = error as Error & { code?: string; cure?: string };
    told.push([name, message, cure].join(" "));
    return code ?? name;
  }
}
