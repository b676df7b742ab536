/** A started agent, used through the real host end: what the tests of the suite work with. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before } from "node:test";
import { afterwards } from "../../base/testing/afterwards.ts";
import type { BindFunction, BindMessage } from "../../wire/protocol.ts";
import { type RunningAgent, startAgentProcess } from "../testing/running-agent.ts";
import type { AgentAdapter, ConformanceFunction } from "./adapter.ts";

export interface Session extends RunningAgent {
  taskRoot: string;
  /** Binds the agent to functions of the suite. @param files the bytes that come on the Bind's stream before the code */
  bindTo(names: ConformanceFunction[], message?: Partial<BindMessage>, files?: Buffer): Promise<void>;
}

type Hooks = Parameters<typeof afterwards>[0];

export async function openSession(hooks: Hooks, adapter: AgentAdapter, entropy = Buffer.alloc(64, "entropy")): Promise<Session> {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-conformance-"));
  afterwards(hooks, () => rmSync(folder, { recursive: true, force: true }));
  const taskRoot = join(folder, "task");
  const agent = await startAgentProcess({ taskRoot, entropy, start: adapter.start });
  afterwards(hooks, () => agent.kill());
  return {
    ...agent,
    taskRoot,
    // A test whose agent dies must fail, and not wait.
    call: (call) => Promise.race([agent.call(call), agent.dead.then((why) => Promise.reject(new Error(`the agent has ended: ${why}`)))]),
    bindTo(names, message = {}, files = Buffer.alloc(0)) {
      const code = names.map((name) => Buffer.from(adapter.functions[name].code));
      const functions = names.map((name, at) => functionOf(adapter, name, { type: "frames", bytes: code[at]!.length }));
      const whole = { app: "app", revision: "7", functions, env: {}, memoryMb: 256, egress: false, ...message };
      return agent.host.bind(whole, [files, ...code]);
    },
  };
}

export function functionOf(adapter: AgentAdapter, name: ConformanceFunction, source: BindFunction["source"]): BindFunction {
  return { name, format: adapter.format, source, handler: adapter.functions[name].handler };
}

/** One agent for all tests of a describe(), bound to these functions. */
export function sharedSession(adapter: AgentAdapter, names: ConformanceFunction[]): () => Session {
  let session: Session;
  const cleanUps: (() => void | Promise<void>)[] = [];
  // Called in before(), after() would belong to that hook, and run at its end.
  after(async () => {
    for (const cleanUp of cleanUps) await cleanUp();
  });
  before(async () => {
    session = await openSession({ after: (cleanUp) => void cleanUps.push(cleanUp) }, adapter);
    await session.bindTo(names);
  });
  return () => session;
}

/** A call of kind http with parameters. */
export function to(name: ConformanceFunction, parameters: Record<string, string | number> = {}) {
  const query = Object.entries(parameters).map(([key, value]) => `${key}=${encodeURIComponent(value)}`);
  return { function: name, url: `http://localhost/app/${name}?${query.join("&")}` };
}

/** A call of kind event. */
export function event(name: ConformanceFunction, body?: string) {
  return { function: name, input: { kind: "event" as const }, ...(body === undefined ? {} : { body }) };
}

/** The guest's own message, if it refuses a Bind. */
export function refusal(expected: RegExp): (error: unknown) => boolean {
  return (error) => expected.test(String((error as Error).cause));
}
