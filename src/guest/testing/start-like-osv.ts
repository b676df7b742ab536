/** Starts the bundled agent as OSv does, but under Linux: through the dynamic loader, with its channel over TCP, and without what OSv lacks. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type Socket, createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { listening } from "../../base/testing/listening.ts";

const loader = "/lib64/ld-linux-x86-64.so.2";
const preload = fileURLToPath(new URL("like-osv.ts", import.meta.url));

/** @param agent one file that needs only Node */
export async function startLikeOsv(agent: string, taskRoot: string): Promise<{ child: ChildProcess; channel: Socket }> {
  const server = createServer();
  const port = await listening(server);
  const child = spawn(loader, [process.execPath, "--disable-warning=ExperimentalWarning", "--import", preload, agent], {
    // No HOME and no PATH: only what Mayfly's command line for OSv would set.
    env: { MAYFLY_CHANNEL: `tcp:127.0.0.1:${port}`, MAYFLY_GUEST: "osv", MAYFLY_TASK_ROOT: taskRoot },
    stdio: ["ignore", "inherit", "inherit"],
  });
  const ended = once(child, "exit").then(([code, signal]) =>
    Promise.reject(new Error(`the agent ended before it connected: ${signal ?? code}`)),
  );
  const [channel] = (await Promise.race([once(server, "connection"), ended])) as [Socket];
  ended.catch(() => undefined); // it is connected, so its end concerns the caller
  server.close();
  return { child, channel };
}
