/** Redis' door over key-value stores in a file of the test's own, without the rest of a server. */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig } from "../../../base/config/load.ts";
import { systemClock } from "../../../base/clock/clock.ts";
import { until } from "../../../base/clock/until.ts";
import type { ServerStart } from "../../../base/config/server-start.ts";
import { mainTenant } from "../../../base/ids/new-id.ts";
import { WrongCredentials } from "../../../clients/wrong-credentials.ts";
import { openKv } from "../../../services/kv/open-kv.ts";
import type { Principal } from "../../../store/principals/principal.ts";
import { EventStream } from "../../../telemetry/event-stream.ts";
import { openRedis } from "../open-redis.ts";

export const APP = "app_shop";
const OTHERS_APP = "app_theirs";

/** Tokens are the names of these principals. The app shop is of the tenant main, and theirs of the tenant other. */
const principals: Record<string, Principal> = {
  ada: { id: "prin_1", name: "ada", role: "deployer", tenant: mainTenant, apps: null },
  reader: { id: "prin_2", name: "reader", role: "reader", tenant: mainTenant, apps: null },
  caller: { id: "prin_3", name: "caller", role: "invoker", tenant: mainTenant, apps: null },
  eve: { id: "prin_4", name: "eve", role: "deployer", tenant: "ten_other", apps: null },
  op: { id: "prin_5", name: "op", role: "operator", tenant: null, apps: null },
};

/** @param more of what the door needs */
export async function openRedisWorld(more: Pick<Parameters<typeof openRedis>[1], "most" | "mostBytes"> = {}) {
  const stateDir = mkdtempSync(join(tmpdir(), "mayfly-redis-"));
  const closing = new AsyncDisposableStack();
  closing.defer(() => rmSync(stateDir, { recursive: true }));
  const errors: unknown[] = [];
  const log = { error: (what: unknown) => void errors.push(what), info: () => undefined } as unknown as ServerStart["log"];
  const config = loadConfig({ flags: { stateDir, kv: { redis: { listen: "127.0.0.1:0" } } }, env: {} });
  const start = { config, clock: systemClock, log, closing };
  const used: [app: string, use: object][] = [];
  const events = new EventStream(systemClock, (error) => errors.push(error));
  const { kv, commands } = openKv(start, {
    events,
    accounts: { serviceUsed: (app, _service, use) => void used.push([app, use]) },
    limitOf: (tenant) => (tenant === "ten_other" ? 1 : null),
  });
  const known = new Map(Object.entries(principals));
  const apps = new Map([
    [`${mainTenant}/shop`, APP],
    ["ten_other/theirs", OTHERS_APP],
  ]);
  const redis = openRedis(start, {
    ...more,
    commands,
    principals: {
      ofToken: (token) => known.get(token) ?? null,
      ofAccessKey: (id) => (id === "MFKEY" ? { principal: principals["ada"]!, secret: "s:ecret", used: () => undefined } : null),
    },
    wrong: new WrongCredentials(systemClock),
    catalog: {
      names: {
        tenant: (name: string) => (name === "other" ? "ten_other" : undefined),
        holder: (tenant: string, name: string) => {
          const id = apps.get(`${tenant}/${name}`);
          return id === undefined ? undefined : { kind: "app", id };
        },
      },
    } as unknown as Parameters<typeof openRedis>[1]["catalog"],
  });
  const [door] = await redis.listen(undefined);
  const port = Number(new URL(door!.url).port);
  return { kv, commands, redis, port, errors, used, known, apps, events, config, close: () => closing.disposeAsync() };
}

export interface RawClient {
  socket: Socket;
  /** All that it was sent. */
  readonly text: string;
  readonly isClosed: boolean;
  /** Sends and resolves with what comes, once that ends with `end`. */
  ask(bytes: string, end?: string): Promise<string>;
}

export async function rawClient(port: number): Promise<RawClient> {
  const socket = connect({ port, host: "127.0.0.1" });
  let [text, isClosed, from] = ["", false, 0];
  socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
  socket.on("error", () => undefined);
  socket.on("close", () => (isClosed = true));
  await once(socket, "connect");
  return {
    socket,
    get text() {
      return text;
    },
    get isClosed() {
      return isClosed;
    },
    async ask(bytes, end = "\r\n") {
      socket.write(Buffer.from(bytes, "latin1"));
      await until(() => isClosed || (text.length > from && text.endsWith(end)), {
        what: `an answer to ${bytes.slice(0, 100)}`,
        ms: 30_000,
      });
      const answer = text.slice(from);
      from = text.length;
      return answer;
    },
  };
}

/** A request as clients send it. */
export function request(...texts: string[]): string {
  return `*${texts.length}\r\n${texts.map((text) => `$${Buffer.byteLength(text, "latin1")}\r\n${text}\r\n`).join("")}`;
}
