/** A server of a process of its own that kills itself at a change of what it stores, as the test says: dying-server-child.ts. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterwards } from "../src/base/testing/afterwards.ts";
import { type Client, createClient } from "../src/doors/admin/client.ts";
import { projectDir, type Scope } from "./platform.ts";

export interface DyingServer {
  gatewayUrl: string;
  apiUrl: string;
  token: string;
  child: ChildProcess;
  /** Tells the server `die <point>` or `count`, and resolves with the line that it answers. */
  tell(text: string): Promise<string>;
}

export async function serveDying(scope: Scope, stateDir: string): Promise<DyingServer> {
  const child = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", join(projectDir, "test/dying-server-child.ts"), stateDir],
    {
      stdio: ["pipe", "pipe", "inherit"],
    },
  );
  afterwards(scope, () => void child.kill("SIGKILL"));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error("the server has ended");
    return value;
  };
  const urls = JSON.parse(await next()) as Pick<DyingServer, "gatewayUrl" | "apiUrl" | "token">;
  return {
    ...urls,
    child,
    tell(text) {
      child.stdin.write(`${text}\n`);
      return next();
    },
  };
}

export async function end({ child }: DyingServer): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}

/** Of the operator. */
export const clientOf = ({ apiUrl, token }: DyingServer, tenant?: string): Client =>
  createClient({ url: apiUrl, token, ...(tenant !== undefined && { tenant }) });
