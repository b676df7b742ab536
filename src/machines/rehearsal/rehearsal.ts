/**
 * Does in advance what a machine does for its first caller: a Bind and an invocation, through the whole path. An agent forgets a rehearsal
 * at the next Bind. In a template the rehearsal makes V8 compile the path, and Python import what it needs; in a blank it makes an emulator translate it.
 */
import { randomBytes } from "node:crypto";
import type { AgentName } from "../../base/kind/machine-kind.ts";
import type { HostEnd, HttpInput, RequestSink } from "../../wire/host-end.ts";
import { REHEARSAL_APP } from "../../wire/protocol.ts";
import { javaCode } from "./java-code.ts";
import { nodeCode, programCode } from "./node-code.ts";
import { pythonCode } from "./python-code.ts";
import type { RehearsalCode } from "./rehearsal-code.ts";

const codes: Record<AgentName, () => RehearsalCode> = { node: nodeCode, python: pythonCode, java: javaCode };

/** Rejects if the agent refuses it. */
export async function rehearse(end: HostEnd, agent: AgentName): Promise<void> {
  const { format, plain, rich, handlers = { plain: "handler", rich: "handler" } } = codes[agent]();
  const sources = { plain, rich };
  const code = Object.values(sources).map((source) => Buffer.from(source));
  const functions = (["plain", "rich"] as const).map((name, at) => ({
    name,
    format,
    source: { type: "frames" as const, bytes: code[at]!.length },
    handler: handlers[name],
  }));
  await end.bind({ app: REHEARSAL_APP, revision: randomBytes(6).toString("hex"), functions, env: {}, memoryMb: 128, egress: false }, code);
  await callFunction(end, "rich");
  await callFunction(end, "plain");
}

/** What a machine whose agent is Node's does to start a program and to talk to it. Rejects if the agent refuses it. */
export async function rehearseProgram(end: HostEnd): Promise<void> {
  const code = Buffer.from(programCode());
  const program = { name: "program", format: "cjs" as const, source: { type: "frames" as const, bytes: code.length }, handler: "handler" };
  const message = {
    app: REHEARSAL_APP,
    revision: randomBytes(6).toString("hex"),
    functions: [program],
    env: {},
    memoryMb: 128,
    egress: false,
  };
  await end.bind(message, [code]);
  await callFunction(end, program.name);
}

/**
 * Runs after a rehearsal: many invocations in flight at once, as an app under load has them. V8 throws away code that it optimised for one
 * invocation at a time when frames of several arrive together, and an emulated machine then takes seconds to compile it anew.
 */
export async function rehearseCrowd(end: HostEnd, lanes: number, callsPerLane: number): Promise<void> {
  const lane = async () => {
    for (let n = 0; n < callsPerLane; n++) await callFunction(end, n % 4 === 3 ? "rich" : "plain");
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

/** Calls a function of an agent that is not bound yet; rejects if it does not reply. */
export function callFunction(end: HostEnd, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const sink: RequestSink = {
      head: () => {},
      data: () => {},
      end: () => {},
      reset: (_code, message) => reject(new Error(`the call of ${name} was refused: ${message}`)),
      closed: () => resolve(),
      drain: () => {},
    };
    const head = {
      id: "rehearsal",
      function: name,
      remainingMs: 5_000,
      attempt: 1,
      revision: "rehearsal",
      trace: { traceparent: "", tracestate: "" },
      input,
    };
    end.request(head, null, true, sink);
  });
}

const input: HttpInput = {
  kind: "http",
  event: "http-v2",
  method: "GET",
  url: "http://mayfly.internal/",
  headers: ["host", "mayfly.internal", "accept", "*/*"],
};
