/** Starts the agent of Java as OSv does, but under Linux: with its channel over TCP, and with a kernel that refuses what OSv lacks. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { listening } from "../../../../base/testing/listening.ts";
import { loadConfig } from "../../../../base/config/load.ts";
import { ensureJavaAgent } from "../../../../images/java/agent-jar.ts";
import { javaFlags, libcFlags, osvFlags } from "../../../../images/java/java-command.ts";
import { fetchJava } from "../../../../images/java/java-runtime.ts";
import type { AgentProcess } from "../../../conformance/adapter.ts";
import { pythonCommand, pythonEnvironment } from "../../../testing/python-agent.ts";

interface Places {
  taskRoot: string;
  temporary: string;
}

/** Where such an agent's kernel has its random bytes from: the host's, or, as clones soon after a start, the same as another one's. */
export type KernelBytes = "its own" | "the same";

/** @param openFiles the most files that it may have open */
export async function startLikeOsv({ taskRoot, temporary }: Places, kernelBytes: KernelBytes, openFiles?: number): Promise<AgentProcess> {
  const server = createServer();
  const port = await listening(server);
  // Not PATH, not LANG: OSv has only what it is told.
  const env = {
    ...pythonEnvironment([".", "../../../testing"].map((folder) => fileURLToPath(new URL(folder, import.meta.url)))),
    LANG: "C.UTF-8",
    TMPDIR: temporary,
    MAYFLY_CHANNEL: `tcp:127.0.0.1:${port}`,
    MAYFLY_GUEST: "osv",
    MAYFLY_TASK_ROOT: taskRoot,
  };
  const limit = openFiles === undefined ? [] : ["/usr/bin/prlimit", `--nofile=${openFiles}`];
  const [program, ...args] = [...limit, ...(await command(taskRoot, kernelBytes))];
  // Neither exists on OSv: the folder is in memory, and the working directory is the root.
  mkdirSync(temporary, { recursive: true });
  const child = spawn(program!, args, { stdio: ["ignore", "inherit", "inherit"], env, cwd: "/" });
  const ended = once(child, "exit").then((how) => Promise.reject(new Error(`the agent ended before it connected: ${how.join(" ")}`)));
  const [channel] = (await Promise.race([once(server, "connection"), ended])) as [Socket];
  ended.catch(() => undefined); // it is connected, so its end concerns the test
  server.close();
  return { child, channel };
}

async function command(taskRoot: string, kernelBytes: KernelBytes): Promise<string[]> {
  const { cacheDir } = loadConfig({});
  const jar = await ensureJavaAgent({ cacheDir });
  const { command: java } = await fetchJava(cacheDir);
  const python = await pythonCommand({ suite: "bookworm" });
  const flags = [...javaFlags, ...libcFlags, ...osvFlags(jar), `-Duser.dir=${taskRoot}`];
  const agent = [...python, "-m", "like_java_on_osv", ...java, ...flags, "-jar", jar];
  return kernelBytes === "the same" ? [...withoutRandomness(), ...agent] : agent;
}

/** A mount namespace whose random devices are empty: all machines read zeroes. */
function withoutRandomness(): string[] {
  const rights = process.getuid?.() === 0 ? [] : ["--user", "--map-root-user"];
  const mounts = ["random", "urandom"].map((name) => `mount --bind /dev/zero /dev/${name}`);
  return ["/usr/bin/unshare", ...rights, "--mount", "/bin/sh", "-c", `${mounts.join(" && ")} && exec "$@"`, "sh"];
}
