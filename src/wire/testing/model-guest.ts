/** The guest's end for tests: it sends any frame that a test asks for, and keeps what the host sent. It answers nothing by itself. */
import { duplexPair } from "node:stream";
import { systemClock } from "../../base/clock/clock.ts";
import type { HostEndEvents, HttpInput, RequestHead, RequestSink } from "../host-end.ts";
import { FrameReader } from "../frame-reader.ts";
import { FrameWriter } from "../frame-writer.ts";
import { fromHost } from "../frame-rules.ts";
import { openHostEnd } from "../open-host-end.ts";

interface GotFrame {
  type: number;
  flags: number;
  stream: number;
  payload: Buffer;
}

/** Connects both ends of one channel, and keeps everything that either was told. */
export function connectModelGuest(egress: Partial<Pick<HostEndEvents, "connect" | "resolve">> = {}, clock = systemClock) {
  const [hostChannel, guestChannel] = duplexPair();
  const got: GotFrame[] = [];
  const told: string[] = [];
  const reader = new FrameReader(fromHost, (type, flags, stream, payload) => {
    got.push({ type, flags, stream, payload: Buffer.from(payload) });
  });
  guestChannel.on("data", (chunk: Buffer) => {
    const wrong = reader.push(chunk);
    if (wrong !== null) throw new Error(`the host sent ${wrong}`);
  });
  const host = openHostEnd(hostChannel, recordingEvents(told, egress), clock);
  return { host, hostChannel, guestChannel, guest: new FrameWriter(guestChannel), got, told };
}

/** Writes its calls to `told`, one line each. */
export function recordingSink(told: string[], name = "sink"): RequestSink {
  return {
    head: (status, headers, body, ended) => told.push(`${name} head ${status} ${headers.join(",")} ${body.toString()} ${ended}`),
    data: (chunk) => told.push(`${name} data ${chunk.length}`),
    end: () => told.push(`${name} end`),
    reset: (code, message) => told.push(`${name} reset ${code} ${message}`),
    closed: () => told.push(`${name} closed`),
    drain: () => told.push(`${name} drain`),
  };
}

function recordingEvents(told: string[], egress: Partial<Pick<HostEndEvents, "connect" | "resolve">>): HostEndEvents {
  return {
    log: (stream, level, text) => told.push(`log ${stream} ${level} ${text}`),
    stats: (stats) => told.push(`stats ${stats.inFlight}`),
    connect: egress.connect ?? (() => Promise.reject(new Error("no egress"))),
    resolve: egress.resolve ?? (() => Promise.reject(new Error("no egress"))),
    dead: (reason, violation) => told.push(`dead ${violation} ${reason}`),
  };
}

/** Lets both ends read and write what is under way. */
export async function settle(turns = 8): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

export function json(message: unknown): Buffer {
  return Buffer.from(JSON.stringify(message));
}

export const requestHead: RequestHead = {
  id: "i-1",
  function: "hello",
  remainingMs: 1_000,
  attempt: 1,
  revision: "7",
  trace: { traceparent: "", tracestate: "" },
  input: { kind: "http", event: "http-v2", method: "GET", url: "http://a/", headers: [] },
};

/** A copy of requestHead with these headers. */
export function headWith(headers: string[]): RequestHead {
  return { ...requestHead, input: { ...(requestHead.input as HttpInput), headers } };
}
