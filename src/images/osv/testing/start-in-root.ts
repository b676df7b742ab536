/** Starts an agent by the words of OSv's command line, but under Linux: in a folder that has the files of OSv's disk, and no /proc. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type Socket, createServer } from "node:net";
import { type AgentName, usualChoice } from "../../../base/kind/machine-kind.ts";
import { listening } from "../../../base/testing/listening.ts";
import { osv } from "../../../machines/qemu/osv.ts";

/** What OSv is told to start, and the variables that it is told to set. */
export function startOf(runtime: AgentName): { program: string[]; variables: Record<string, string> } {
  const words = osv.commandLine({ guest: osv, accelerator: "tcg", ...usualChoice, runtime }, 0).split(" ");
  const variables = words.filter((word) => word.startsWith("--env=")).map((word) => word.slice("--env=".length));
  return {
    program: words.slice(words.findIndex((word) => !word.startsWith("--"))),
    variables: Object.fromEntries(variables.map((word) => [word.slice(0, word.indexOf("=")), word.slice(word.indexOf("=") + 1)])),
  };
}

/** All words are OSv's but the place of the channel, which OSv gets from QEMU. */
export async function startInRoot(root: string, runtime: AgentName): Promise<{ child: ChildProcess; channel: Socket }> {
  const { program, variables } = startOf(runtime);
  const server = createServer();
  const port = await listening(server);
  const env = { ...variables, MAYFLY_CHANNEL: `tcp:127.0.0.1:${port}` };
  const rights = process.getuid?.() === 0 ? [] : ["--user", "--map-root-user"];
  const child = spawn("/usr/bin/unshare", [...rights, `--root=${root}`, ...program], { env, stdio: ["ignore", "inherit", "inherit"] });
  const ended = once(child, "exit").then((how) => Promise.reject(new Error(`the agent ended before it connected: ${how.join(" ")}`)));
  const [channel] = (await Promise.race([once(server, "connection"), ended])) as [Socket];
  ended.catch(() => undefined); // it is connected, so its end concerns the test
  server.close();
  return { child, channel };
}
