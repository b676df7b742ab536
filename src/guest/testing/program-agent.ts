/** A real agent bound to programs: for the tests of the runtimes that run beside it. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import type { BindMessage } from "../../wire/protocol.ts";
import { agentFile } from "./agent-file.ts";
import { type RunningAgent, startAgentProcess } from "./running-agent.ts";

export interface ProgramAgent extends RunningAgent {
  taskRoot: string;
  /** Writes an executable file below the task root. */
  write(path: string, content: string | Buffer): void;
  /** Binds the agent to programs that speak the Runtime API, given by name. */
  bindProvided(programs: Record<string, string | Buffer>, message?: Partial<BindMessage>): Promise<void>;
  /** Binds the agent to programs that listen on $PORT: their commands, by name. */
  bindServers(commands: Record<string, string[]>, message?: Partial<BindMessage>): Promise<void>;
}

/** Its kill() ends the agent, the programs and what they started. */
export async function startProgramAgent(): Promise<ProgramAgent> {
  const taskRoot = mkdtempSync(join(tmpdir(), "mayfly-task-"));
  const agent = await startAgentProcess({ start: () => startIn(taskRoot) });
  const write: ProgramAgent["write"] = (path, content) => writeFileSync(join(taskRoot, path), content, { mode: 0o755 });
  return {
    ...agent,
    taskRoot,
    write,
    bindProvided(programs, message = {}) {
      const functions = Object.entries(programs).map(([name, content]) => {
        write(name, content);
        return { name, format: "provided" as const, source: { type: "file" as const, path: name }, handler: `${name}.handler` };
      });
      return agent.bind({}, { ...message, functions });
    },
    bindServers(commands, message = {}) {
      const source = { type: "file" as const, path: "." };
      const functions = Object.entries(commands).map(([name, command]) => ({
        name,
        format: "server" as const,
        source,
        handler: "",
        command,
      }));
      return agent.bind({}, { ...message, functions });
    },
    async kill() {
      signalGroup(agent.child.pid!);
      await agent.kill();
      rmSync(taskRoot, { recursive: true, force: true });
    },
  };
}

/** In a process group of its own, as the drivers start it, so that all of it can be ended. */
async function startIn(taskRoot: string): Promise<{ child: ChildProcess; channel: Duplex }> {
  const env = { PATH: process.env["PATH"], MAYFLY_CHANNEL: "fd:3", MAYFLY_TASK_ROOT: taskRoot, TMPDIR: taskRoot, HOST_ONLY: "secret" };
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", await agentFile()], {
    stdio: ["ignore", "inherit", "inherit", "pipe"],
    detached: true,
    env,
  });
  return { child, channel: child.stdio[3] as Duplex };
}

function signalGroup(leader: number): void {
  try {
    process.kill(-leader, "SIGKILL");
  } catch {
    // All of it is gone.
  }
}
