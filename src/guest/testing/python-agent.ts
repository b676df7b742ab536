/** Starts the agent of Python with an interpreter of Debian's packages, which run from the cache folder: the host needs no Python. */
import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import type { Duplex } from "node:stream";
import { fileURLToPath } from "node:url";
import { cacheFolder } from "../../base/config/load.ts";
import { fetchProgramRoot, hostCommand } from "../../images/debian/program-root.ts";
import type { BindMessage } from "../../wire/protocol.ts";
import type { AgentProcess } from "../conformance/adapter.ts";
import type { InNetwork, RunningAgent } from "./running-agent.ts";

interface Interpreter {
  suite: "bookworm" | "trixie";
  /** Packages with modules of Python that functions can import, such as python3-flask. */
  packages?: string[];
  inNetwork?: InNetwork;
}

/** Returns what starts such an agent with its channel on descriptor 3. */
export function pythonAgent(interpreter: Interpreter) {
  let command: Promise<string[]> | undefined;
  return async (taskRoot: string, console: "pipe" | "inherit" = "inherit"): Promise<AgentProcess> => {
    command ??= pythonCommand(interpreter);
    const { inNetwork = (all: string[]) => ({ command: all, env: {} }) } = interpreter;
    const { command: whole, env: added } = inNetwork([...(await command), "-m", "mayfly"]);
    const env = {
      ...pythonEnvironment(),
      PATH: process.env["PATH"],
      TMPDIR: dirname(taskRoot),
      MAYFLY_CHANNEL: "fd:3",
      MAYFLY_TASK_ROOT: taskRoot,
      HOST_ONLY: "secret",
      ...added,
    };
    const child = spawn(whole[0]!, whole.slice(1), { stdio: ["ignore", "inherit", console, "pipe"], env });
    return { child, channel: child.stdio[3] as Duplex };
  };
}

/** Binds such an agent to functions, given by name as their code. */
export function bindPython(agent: RunningAgent, code: Record<string, string>, handler = "handler", message: Partial<BindMessage> = {}) {
  const functions = Object.entries(code).map(([name, text]) => {
    return { name, format: "python" as const, source: { type: "frames" as const, bytes: Buffer.byteLength(text) }, handler };
  });
  return agent.bind(code, { ...message, functions });
}

const agentFolder = fileURLToPath(new URL("../runtimes/python", import.meta.url));

/** The command of such an interpreter; its own parameters follow it. */
export async function pythonCommand({ suite, packages = [] }: Interpreter): Promise<string[]> {
  const root = await fetchProgramRoot({ suite, packages: ["python3", ...packages], cacheDir: cacheFolder() });
  return hostCommand(root, "/usr/bin/python3");
}

/**
 * With it, an interpreter finds the agent, and modules in other folders. What Python compiles stays in the cache folder, neither beside the agent's source
 * nor in the packages; Python compares it with its source. Without it, each test file would compile the agent and what it imports anew, for seconds.
 */
export function pythonEnvironment(folders: string[] = []): Record<string, string> {
  return { PYTHONPATH: [agentFolder, ...folders].join(":"), PYTHONPYCACHEPREFIX: join(cacheFolder(), "test-programs/python") };
}
