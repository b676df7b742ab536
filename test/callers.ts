/** Callers on keep-alive connections that call again as soon as they get a reply, until they are stopped. */
import { Agent } from "node:http";
import { callOnce } from "../src/cli/call.ts";
import type { Platform, Scope } from "./platform.ts";
import { afterwards } from "../src/base/testing/afterwards.ts";

export interface Callers {
  /** The number of replies so far. */
  answered(): number;
  /** Replies other than 200, and failures of connections. */
  readonly failures: string[];
  /** Resolves when the last call has its reply. */
  stop(): Promise<void>;
}

/** @param paths each caller calls these in turn */
export function startCallers(scope: Scope, { running }: Platform, paths: string[], callers: number): Callers {
  const agent = new Agent({ keepAlive: true, maxSockets: callers });
  const failures: string[] = [];
  const over = new AbortController();
  let answered = 0;
  const goOn = async (number: number) => {
    for (let i = number; !over.signal.aborted; i++) {
      const url = new URL(running.gatewayUrl + paths[i % paths.length]);
      const problem = await callFor(url, agent);
      answered++;
      if (problem !== undefined) failures.push(problem);
    }
  };
  const all = Promise.all(Array.from({ length: callers }, (_, number) => goOn(number)));
  const stop = async () => {
    over.abort();
    await all;
    agent.destroy();
  };
  afterwards(scope, stop);
  return { answered: () => answered, failures, stop };
}

async function callFor(url: URL, agent: Agent): Promise<string | undefined> {
  try {
    const response = await callOnce({ url, method: "GET", headers: [], body: undefined }, agent);
    let text = "";
    for await (const chunk of response) text += String(chunk);
    return response.statusCode === 200 ? undefined : `${response.statusCode}: ${text}`;
  } catch (error) {
    return (error as Error).message;
  }
}
