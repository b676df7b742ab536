/** Starts the bundled agent as OSv does, under Linux: through the dynamic loader, its channel over TCP, and with what OSv lacks taken away. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, type Socket, createServer } from "node:net";
import { fileURLToPath } from "node:url";

const loader = "/lib64/ld-linux-x86-64.so.2";
const preload = fileURLToPath(new URL("like-osv.ts", import.meta.url));

/** @param agent one file that needs nothing but Node */
export async function startLikeOsv(agent: string): Promise<{ child: ChildProcess; channel: Socket }> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const child = spawn(loader, [process.execPath, "--disable-warning=ExperimentalWarning", "--import", preload, agent], {
    // No HOME, no PATH: nothing but what Mayfly's command line for OSv would say.
    env: { MAYFLY_CHANNEL: `tcp:127.0.0.1:${port}`, MAYFLY_GUEST: "osv" },
    stdio: ["ignore", "inherit", "inherit"],
  });
  const ended = once(child, "exit").then(([code, signal]) =>
    Promise.reject(new Error(`the agent ended before it connected: ${signal ?? code}`)),
  );
  const [channel] = (await Promise.race([once(server, "connection"), ended])) as [Socket];
  ended.catch(() => undefined); // It is connected: how it ends is for its user to see.
  server.close();
  return { child, channel };
}
