/**
 * Fetches a set of public keys. Its URL stands in a manifest, so whoever deploys chooses where this host connects: the connection goes through the
 * rules of what apps may reach, redirects are not followed, and little of the answer is read.
 */
import { type IncomingMessage, request } from "node:http";
import { isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { guarded } from "../../base/errors/guarded.ts";
import type { FetchKeys } from "./key-sets.ts";

/** Sets of the large providers have below 20 KB. */
const MOST_BYTES = 131_072;

/** What makes connections for one fetch, and closes them. */
export interface KeyConnections {
  /** Rejects where the app may not reach that. */
  connect(host: string, port: number, gone: AbortSignal): Promise<Socket>;
  close(): void;
}

/** @param open `isPlain`: without TLS, which only connections to what the operator lists may be */
export function createFetchKeys(open: (app: string, isPlain: boolean) => KeyConnections): FetchKeys {
  return async (app, url, signal) => {
    const isPlain = url.protocol === "http:";
    const connections = open(app, isPlain);
    try {
      const host = url.hostname.replace(/^\[|\]$/g, "");
      const socket = await connections.connect(host, Number(url.port || (isPlain ? 80 : 443)), signal);
      return await get(url, isPlain ? socket : secured(socket, host), signal);
    } finally {
      connections.close();
    }
  };
}

function secured(socket: Socket, host: string): Socket {
  return connectTls({ socket, host, ...(isIP(host) === 0 && { servername: host }) });
}

function get(url: URL, connection: Socket, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request({
      method: "GET",
      path: `${url.pathname}${url.search}`,
      host: url.hostname,
      headers: { host: url.host, accept: "application/json, application/jwk-set+json", "user-agent": "mayfly", connection: "close" },
      createConnection: () => connection,
      signal,
    });
    const fail = (error: unknown) => {
      connection.destroy();
      reject(error);
    };
    connection.on("error", guarded(fail, fail));
    asked.on("error", guarded(fail, fail));
    asked.on(
      "response",
      guarded((response: IncomingMessage) => textOf(response).then(resolve, fail), fail),
    );
    asked.end();
  });
}

async function textOf(response: IncomingMessage): Promise<string> {
  if (response.statusCode !== 200) throw new Error(`it answers with the status ${response.statusCode}, and must with 200`);
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    parts.push(part);
    bytes += part.length;
    if (bytes > MOST_BYTES) throw new Error(`it has more than ${MOST_BYTES} bytes`);
  }
  if (!response.complete) throw new Error("its answer ends early");
  return Buffer.concat(parts).toString("utf8");
}
