/**
 * Kills a server's worker on the given disk while the disk is full, and reports what callers and the operator get: see full-disk.test.ts.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createClient } from "../src/doors/admin/client.ts";
import { serve } from "./command.ts";
import { fillDisk } from "./fill-disk.ts";
import { createScope, deploy } from "./platform.ts";

const dir = process.argv[2] as string;
const state = join(dir, "state");
const scope = createScope();
const server = await serve(scope, state, ["--driver", "process", "--blanks", "0"]);
const client = createClient({ url: server.apiUrl, token: readFileSync(join(state, "api-token"), "utf8").trim() });
const call = async () => (await fetch(`${server.gatewayUrl}/hello/hello`)).status;

await deploy(client, "examples/hello");
await call();
fillDisk(dir);
process.kill(server.worker, "SIGKILL");
const called = await call();
const { restarts } = await client.status();
await client.removeApp("hello");
const after = await call();
await scope.close();
console.log(JSON.stringify({ called, restarts, after }));
process.exit();
