/** A gateway on a free port in front of a dispatcher that behaves as the test says, and a client that sends and receives raw bytes. */
import { connect } from "node:net";
import type { InvocationHandle, InvocationReply, InvocationRequest } from "../../../dispatch/invocation.ts";
import { mainTenant } from "../../../base/ids/new-id.ts";
import { manifestSchema } from "../../../store/catalog/manifest.ts";
import type { HttpInput } from "../../../wire/host-end.ts";
import { createTestGate } from "../../access/testing/test-gate.ts";
import { createGateway, type GatewayOptions } from "../gateway.ts";
import { RouteTable } from "../routes.ts";
import type { InvocationTiming } from "../../../telemetry/platform-event.ts";

export const timing: InvocationTiming = { queue: 1.5, start: 0, bind: 2, run: 3.25 };

/** An invocation as the dispatcher received it. */
export interface Seen {
  request: InvocationRequest;
  input: HttpInput;
  reply: InvocationReply;
  body: Buffer[];
  bodyEnded: boolean;
  consumed: number;
  aborted: boolean;
  /** The value that `write` returns. */
  takes: boolean;
}

/** @param act called for every invocation, inside dispatch() */
export async function openTestGateway(act: (seen: Seen) => void, options: Partial<GatewayOptions> = {}, domain?: string) {
  const invocations: Seen[] = [];
  const routes = new RouteTable({ domain, allowed: ["www.example.com=app"] });
  const functions = { hello: { entry: "hello.ts" }, other: { entry: "other.ts", timeoutMs: 5 } };
  const setApp = (given: { name: string; [key: string]: unknown }) =>
    routes.setApp({ app: given.name, tenant: mainTenant, manifest: manifestSchema.parse(given) });
  const hosts = { "www.example.com": "other" };
  setApp({ name: "app", functions, bodyLimitBytes: 1_000_000, hosts });
  setApp({ name: "single", functions: { only: { entry: "only.ts" } }, bodyLimitBytes: 1_000, compress: false });
  const dispatch = (request: InvocationRequest, reply: InvocationReply): InvocationHandle => {
    const seen: Seen = {
      request,
      input: request.input as HttpInput,
      reply,
      body: [],
      bodyEnded: false,
      consumed: 0,
      aborted: false,
      takes: true,
    };
    invocations.push(seen);
    act(seen);
    return handleOf(seen, `t-${invocations.length}`);
  };
  const gateway = createGateway({ dispatcher: { dispatch }, routes, gate: createTestGate().gate, timingHeaders: true, ...options });
  const { port } = await gateway.listen("127.0.0.1", 0);
  return {
    gateway,
    routes,
    port,
    url: `http://127.0.0.1:${port}`,
    invocations,
    [Symbol.asyncDispose]: () => gateway.close(0),
  };
}

function handleOf(seen: Seen, id: string): InvocationHandle {
  return {
    id,
    write(chunk) {
      seen.body.push(chunk);
      return seen.takes;
    },
    end: () => void (seen.bodyEnded = true),
    consumed: (bytes) => void (seen.consumed += bytes),
    usedMb: () => 0,
    abort: () => void (seen.aborted = true),
  };
}

/** Sends the text as a complete reply, after dispatch() has returned. */
export function replyText(seen: Seen, text: string, headers: string[] = ["content-type", "text/plain"]): void {
  setImmediate(() => seen.reply.head(200, headers, Buffer.from(text), true, timing));
}

/** A client that sends the given bytes and keeps everything that it receives. */
export function rawClient(port: number, sent = "", allowHalfOpen = false) {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen });
  const client = { socket, text: "", closed: false, send: (more: string | Buffer) => void socket.write(more) };
  socket.on("data", (chunk: Buffer) => (client.text += chunk.toString("latin1")));
  socket.on("close", () => (client.closed = true));
  socket.on("error", () => {}); // Some tests expect the gateway to reset the connection; `closed` shows it.
  if (sent !== "") socket.write(sent);
  return client;
}
