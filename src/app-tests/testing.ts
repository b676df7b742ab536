/**
 * What an app's own tests use: a server that is there for them alone, the app deployed to it, and what the app did, to assert on.
 *
 * @example
 * const mayfly = await startMayfly();
 * after(() => mayfly.close());
 * const shop = await mayfly.deploy(".");
 * assert.equal(await (await shop.call("hello?name=Ada")).text(), "Hello, Ada!\n");
 */
import { realpathSync } from "node:fs";
import { bundleApp } from "../bundle/bundle-app.ts";
import { until } from "../base/clock/until.ts";
import { type Client, createClient, type LogLine } from "../doors/admin/client.ts";
import { startServer } from "./start-server.ts";

export interface TestOptions {
  /** auto, qemu, gvisor or process, which is the quickest and isolates nothing. Default: that of `mayfly test-app`, or of the settings. */
  driver?: "auto" | "qemu" | "gvisor" | "process";
}

export interface DeployOptions {
  /** Variables, in place of those of mayfly.json that have their names. */
  env?: Record<string, string>;
  /** Values of secrets that mayfly.json names. */
  secrets?: Record<string, string>;
}

export interface TestPlatform {
  /** Where functions are called, without a trailing slash. */
  readonly gatewayUrl: string;
  /** The management API. */
  readonly client: Client;
  /** Bundles and deploys the app in the folder. */
  deploy(dir: string, options?: DeployOptions): Promise<TestApp>;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

type Ended = Awaited<ReturnType<Client["event"]>>;

export interface TestApp {
  readonly name: string;
  /** @param path a function and what follows it, such as "hello?name=Ada" */
  call(path: string, init?: RequestInit): Promise<Response>;
  /** Calls a function later, as an event. Returns the event's id. */
  send(functionName: string, payload?: unknown): Promise<string>;
  /** Fires a trigger by its name. Returns the event's id. */
  fire(trigger: string, payload?: unknown): Promise<string>;
  /** Resolves with an event when it has succeeded, was given up or cancelled. */
  ended(event: string): Promise<Ended>;
  /** Resolves with the log's lines once one of them matches. */
  logged(pattern: RegExp): Promise<LogLine[]>;
  /** What the app has used this month, and what it costs. */
  bill(): Promise<Awaited<ReturnType<Client["appBill"]>>["bill"]>;
}

/** Milliseconds: far more than anything takes that is going to come. */
const PATIENCE_MS = 60_000;

export async function startMayfly({ driver }: TestOptions = {}): Promise<TestPlatform> {
  const server = await startServer(driver);
  const client = createClient({ url: server.api, token: server.token });
  const close = () => server.close();
  return {
    gatewayUrl: server.gateway,
    client,
    deploy: (dir, options) => deploy(client, server.gateway, dir, options),
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function deploy(client: Client, gateway: string, dir: string, { env = {}, secrets = {} }: DeployOptions = {}): Promise<TestApp> {
  const { manifest, bundles } = await bundleApp(realpathSync(dir));
  const { name } = manifest;
  for (const [secret, value] of Object.entries(secrets)) await client.setSecret(name, secret, value);
  await client.deploy({ ...manifest, env: { ...manifest.env, ...env } }, bundles);
  return {
    name,
    call: (path, init) => fetch(`${gateway}/${name}/${path.replace(/^\//, "")}`, init),
    send: async (functionName, payload) => (await client.acceptEvent(name, functionName, payload === undefined ? {} : { payload })).id,
    fire: async (trigger, payload) => (await client.fireTrigger(name, trigger, payload === undefined ? {} : { payload })).id,
    ended: (event) => ended(client, name, event),
    logged: (pattern) => logged(client, name, pattern),
    bill: async () => (await client.appBill(name)).bill,
  };
}

const over = new Set<Ended["state"]>(["succeeded", "dead", "cancelled"]);

async function ended(client: Client, app: string, id: string): Promise<Ended> {
  return until(
    async () => {
      const event = await client.event(app, id);
      return over.has(event.state) && event;
    },
    { what: `the end of the event ${id}`, ms: PATIENCE_MS, everyMs: 20 },
  );
}

async function logged(client: Client, app: string, pattern: RegExp): Promise<LogLine[]> {
  let lines: LogLine[] = [];
  const matches = async () => {
    lines = await client.logs({ app, tail: 10_000 });
    return lines.some(({ text }) => pattern.test(text)) && lines;
  };
  return until(matches, { what: `a line that matches ${pattern}`, ms: PATIENCE_MS, everyMs: 20 }).catch((error: unknown) => {
    const last = lines.slice(-10).map(({ text }) => text);
    throw new Error(`No line of ${app}'s log matches ${pattern}; the last ones are ${JSON.stringify(last)}`, { cause: error });
  });
}
