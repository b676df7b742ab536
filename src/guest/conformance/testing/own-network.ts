/** A network namespace for an agent, set up by the first program of machines, and programs in it that know nothing of the agent. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { loadConfig } from "../../../base/config/load.ts";
import { ensureGuestProgram } from "../../../images/guest-programs/guest-program.ts";
import type { InNetwork } from "../../testing/running-agent.ts";

const run = promisify(execFile);

/** Needs root, like tests of machines. @param listener the descriptor on which the agent expects it */
export async function ownNetwork(listener: number): Promise<InNetwork> {
  const redirect = await ensureGuestProgram("redirect", { cacheDir: loadConfig({}).cacheDir });
  const inside = ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh", redirect, String(listener), "0"];
  return (command) => ({ command: [...inside, ...command], env: { MAYFLY_REDIRECT: `fd:${listener}` } });
}

const prelude = `
const net = require("node:net"), dgram = require("node:dgram"), { once } = require("node:events");
const resolver = new (require("node:dns").promises.Resolver)({ timeout: 20_000, tries: 1 });
const hasty = new (require("node:dns").promises.Resolver)({ timeout: 2_000, tries: 1 });
for (const each of [resolver, hasty]) each.setServers(["127.0.0.1"]);
const coded = (promise) => promise.then((value) => value, (error) => error.code);
const said = (socket) => new Promise((resolve, reject) => {
  let text = "";
  socket.setEncoding("latin1").on("data", (chunk) => (text += chunk)).on("end", () => resolve(text)).on("error", reject);
});
`;

/** Runs an expression of JavaScript in a program beside the agent, and returns its value. @param pid the agent's */
export async function runBeside(pid: number, expression: string): Promise<unknown> {
  const code = `${prelude}(async () => ${expression})().then((value) => process.stdout.write(JSON.stringify(value ?? null), () => process.exit()))`;
  const { stdout } = await run("nsenter", [`--net=/proc/${pid}/ns/net`, process.execPath, "-e", code], { timeout: 120_000 });
  return JSON.parse(stdout) as unknown;
}
