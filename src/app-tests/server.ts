/**
 * The server of an app's tests, in a process of its own: it says where it answers in one line of JSON, and ends when its standard input does. So it ends with the tests, whatever
 * ends them. Its parameter is a state folder, which it removes at its end.
 */
import { rmSync } from "node:fs";
import { loadConfig } from "../base/config/load.ts";
import { startMayfly } from "../main.ts";

const [stateDir = "", driver] = process.argv.slice(2);
const flags = { stateDir, listen: "127.0.0.1:0", api: "127.0.0.1:0", driver, graceMs: 1_000, logLevel: "error" };
const running = await startMayfly(loadConfig({ flags }), { development: { isEphemeral: true } });
process.stdin.resume();
// The tests' own end, which is all that this process waits for.
// oxlint-disable-next-line mayfly/guarded-listeners
process.stdin.once("close", () => void end());
// Ctrl-C reaches this process, too; the tests decide when it ends.
process.on("SIGINT", () => undefined);
console.log(JSON.stringify({ api: running.apiUrl, gateway: running.gatewayUrl, token: running.token }));

async function end(): Promise<void> {
  await running.close();
  rmSync(stateDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  process.exit();
}
