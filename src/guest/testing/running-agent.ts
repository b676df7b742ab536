/** A real agent in a child process, used through the real host end: the tests of this room run against it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import type { Socket } from "node:net";
import os from "node:os";
import path from "node:path";
import type { Duplex } from "node:stream";
import type { HostEnd, HostEndEvents, InvocationInput, RequestHead, RequestSink, RequestStream } from "../../wire/host-end.ts";
import { openHostEnd } from "../../wire/open-host-end.ts";
import type { BindMessage, LogLevel, ReadyMessage, ResetCode, StatsMessage } from "../../wire/protocol.ts";
import { agentFile } from "./agent-file.ts";

interface LogLine {
  stream: number;
  level: LogLevel;
  text: string;
}

interface Call {
  /** A random one, if nothing is said. */
  id?: string;
  function?: string;
  method?: string;
  url?: string;
  headers?: string[];
  body?: string | Buffer;
  remainingMs?: number;
  attempt?: number;
  /** The input, if it is not a call over HTTP. */
  input?: InvocationInput;
}

export const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

interface Reply {
  status: number;
  headers: Record<string, string | string[]>;
  text: string;
  body: Buffer;
  reset: { code: ResetCode; message: string } | null;
  stream: number;
}

export interface RunningAgent {
  host: HostEnd;
  ready: ReadyMessage;
  logs: LogLine[];
  stats: StatsMessage[];
  child: ChildProcess;
  /** Resolves with the reason when the channel is over. */
  dead: Promise<string>;
  /** Binds the agent to an app of CommonJS functions, given by name. @param files what comes on the stream before their code */
  bind(functions: Record<string, string>, message?: Partial<BindMessage>, files?: Buffer): Promise<void>;
  /** Resolves when the stream is closed. */
  call(call?: Call): Promise<Reply>;
  /** For tests that observe a stream while it runs. */
  open(sink: Partial<RequestSink>, call?: Call, end?: boolean): RequestStream;
  /** Waits for a line that contains the text. */
  logged(text: string): Promise<LogLine>;
  kill(): Promise<void>;
}

interface RunningAgentOptions {
  entropy?: Buffer;
  taskRoot?: string;
  egress?: Partial<HostEndEvents>;
  /** Another way to start the agent than as a child with its channel on descriptor 3. */
  start?: (taskRoot: string) => Promise<{ child: ChildProcess; channel: Duplex }>;
}

/** Changes how an agent is started, so that it finds itself in a network of its own. */
export type InNetwork = (command: string[]) => { command: string[]; env: Record<string, string> };

export async function startAgentProcess(options: RunningAgentOptions = {}): Promise<RunningAgent> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "mayfly-agent-"));
  const { child, channel } = await (options.start ?? startNodeAgent)(options.taskRoot ?? path.join(folder, "app"));
  const logs: LogLine[] = [];
  const stats: StatsMessage[] = [];
  const waiting = new Set<() => void>();
  let over: (reason: string) => void;
  const dead = new Promise<string>((resolve) => (over = resolve));
  const host = openHostEnd(channel, {
    log(stream, level, text) {
      logs.push({ stream, level, text });
      for (const look of waiting) look();
    },
    stats: (figures) => void stats.push(figures),
    connect: noEgress,
    resolve: noEgress,
    ...options.egress,
    dead: (reason) => over(reason),
  });
  const entropy = options.entropy ?? Buffer.alloc(64, "entropy");
  const ready = await host.resume(Date.now(), entropy, "m-test", true);

  const open: RunningAgent["open"] = (sink, call = {}, end = true) => {
    const { method = "GET", url = "http://localhost/app/main", headers = [] } = call;
    const head: RequestHead = {
      id: call.id ?? `id-${Math.random().toString(36).slice(2, 10)}`,
      function: call.function ?? "main",
      remainingMs: call.remainingMs ?? 5_000,
      attempt: call.attempt ?? 1,
      revision: "7",
      trace: { traceparent, tracestate: "" },
      input: call.input ?? { kind: "http", event: "http-v2", method, url, headers },
    };
    return host.request(head, call.body === undefined ? null : Buffer.from(call.body), end, { ...deafSink, ...sink });
  };

  return {
    host,
    ready,
    logs,
    stats,
    child,
    dead,
    open,
    bind(functions, message = {}, files = Buffer.alloc(0)) {
      const code = Object.values(functions).map((text) => Buffer.from(text));
      const list = Object.keys(functions).map((name, at) => ({
        name,
        format: "cjs" as const,
        source: { type: "frames" as const, bytes: code[at]!.length },
        handler: "handler",
      }));
      return host.bind({ app: "app", revision: "7", functions: list, env: {}, memoryMb: 256, egress: false, ...message }, [files, ...code]);
    },
    call: (call) => new Promise((resolve) => collect(open, call ?? {}, resolve)),
    logged: (text) =>
      new Promise((resolve) => {
        const look = () => {
          const line = logs.find((each) => each.text.includes(text));
          if (line === undefined) return;
          waiting.delete(look);
          resolve(line);
        };
        waiting.add(look);
        look();
      }),
    async kill() {
      host.close();
      if (child.exitCode === null && child.signalCode === null) {
        child.kill("SIGKILL");
        await once(child, "exit");
      }
      fs.rmSync(folder, { recursive: true, force: true });
    },
  };
}

export async function startNodeAgent(
  taskRoot: string,
  console: "pipe" | "inherit" = "inherit",
  inNetwork: InNetwork = (command) => ({ command, env: {} }),
): Promise<{ child: ChildProcess; channel: Duplex }> {
  const { command, env: added } = inNetwork([process.execPath, await agentFile()]);
  const env = {
    PATH: process.env["PATH"],
    TMPDIR: path.dirname(taskRoot),
    MAYFLY_CHANNEL: "fd:3",
    MAYFLY_TASK_ROOT: taskRoot,
    HOST_ONLY: "secret",
    ...added,
  };
  const child = spawn(command[0]!, command.slice(1), {
    stdio: ["ignore", "inherit", console, "pipe"],
    env,
  });
  return { child, channel: child.stdio[3] as Duplex };
}

function collect(open: RunningAgent["open"], call: Call, resolve: (reply: Reply) => void): void {
  const reply: Reply = { status: 0, headers: {}, text: "", body: Buffer.alloc(0), reset: null, stream: 0 };
  const chunks: Buffer[] = [];
  const take = (chunk: Buffer) => {
    chunks.push(Buffer.from(chunk));
    request.consumed(chunk.length);
  };
  const request = open(
    {
      head(status, headers, body) {
        reply.status = status;
        reply.headers = byName(headers);
        take(body);
      },
      data: take,
      reset: (code, message) => (reply.reset = { code, message }),
      closed() {
        reply.body = Buffer.concat(chunks);
        reply.text = reply.body.toString();
        reply.stream = request.stream;
        resolve(reply);
      },
    },
    call,
  );
}

function byName(headers: string[]): Reply["headers"] {
  const named: Reply["headers"] = {};
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at]!;
    const known = named[name];
    named[name] = known === undefined ? headers[at + 1]! : [known, headers[at + 1]!].flat();
  }
  return named;
}

const deafSink: RequestSink = { head() {}, data() {}, end() {}, reset() {}, closed() {}, drain() {} };

function noEgress(): Promise<Socket & { address: string; family: 4 | 6 }[]> {
  return Promise.reject(new Error("this test has no egress"));
}
