/** A Mayfly server for the bench: `mayfly serve` as a user starts it, on free ports and with a new state folder. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, createClient } from "../src/doors/admin/client.ts";
import { bundleApp } from "../src/bundle/bundle-app.ts";
import type { Config } from "../src/base/config/schema.ts";
import type { Manifest } from "../src/store/catalog/manifest.ts";
import { type Server, startServer, supervised } from "./server.ts";
import { freePort } from "../src/base/testing/listening.ts";

export const appsFolder = join(import.meta.dirname, "apps");

export type BenchDriver = "process" | "gvisor" | "qemu";

export interface Platform {
  server: Server;
  client: Client;
  /** Without a trailing slash, as the next. */
  gatewayUrl: string;
  apiUrl: string;
  /** Deploys bench/apps/<app>, under another name if one is given. Returns the URL of its function. */
  deploy(app: "hello" | "wait" | "rhythm" | "socket", name?: string): Promise<string>;
  /** Deploys the app of any folder under that name. Returns the URL below which its functions are. */
  deployFolder(folder: string, name: string, changes?: Partial<Manifest>): Promise<string>;
  /** Ends the server and starts it again with the same state folder. */
  restart(): Promise<void>;
  /** The same, with something done to the state folder in between. */
  changing(change: (stateDir: string) => void): Promise<void>;
  /** How long the last start took until the API answered. */
  startedInMs(): number;
  stop(): Promise<void>;
}

export async function startPlatform(
  driver: BenchDriver,
  settings: Partial<Pick<Config, "blanks" | "idleMs" | "maxMachines" | "record">> = {},
  env: Record<string, string> = {},
  stateDir = mkdtempSync(join(tmpdir(), "mayfly-bench-")),
): Promise<Platform> {
  const [listen, api] = [await freePort(), await freePort()];
  const flags = {
    "--driver": driver,
    "--state": stateDir,
    "--listen": `127.0.0.1:${listen}`,
    "--api": `127.0.0.1:${api}`,
    "--log-level": "warn",
  };
  const more = Object.entries(settings).map(([key, value]) => [`--${kebab(key)}`, String(value)]);
  const launcher = join(import.meta.dirname, "../mayfly");
  const command = [launcher, "serve", ...Object.entries(flags).flat(), ...more.flat()];
  let startedMs = 0;
  const start = async () => {
    const began = performance.now();
    const started = supervised(await startServer(command, { port: api, env, withinMs: 300_000 }));
    startedMs = performance.now() - began;
    return started;
  };
  let server = await start();
  const [gatewayUrl, apiUrl] = [listen, api].map((port) => `http://127.0.0.1:${port}`) as [string, string];
  const client = createClient({ url: apiUrl, token: readFileSync(join(stateDir, "api-token"), "utf8").trim() });
  const deployFolder = async (folder: string, name: string, changes: Partial<Manifest> = {}) => {
    const { manifest, bundles } = await bundleApp(folder);
    await client.deploy({ ...manifest, ...changes, name }, bundles);
    return `${gatewayUrl}/${name}`;
  };
  return {
    get server() {
      return server;
    },
    async restart() {
      await server.stop();
      server = await start();
    },
    async changing(change) {
      await server.stop();
      change(stateDir);
      server = await start();
    },
    startedInMs: () => startedMs,
    client,
    gatewayUrl,
    apiUrl,
    deployFolder,
    deploy: async (app, name = app) => `${await deployFolder(join(appsFolder, app), name)}/${app}`,
    async stop() {
      await server.stop();
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}

function kebab(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
