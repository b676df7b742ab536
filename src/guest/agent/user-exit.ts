/**
 * process.exit and similar calls end the machine with every invocation in it, as in AWS Lambda, because that is what the user asked for.
 * The log says who called it.
 */
import { LogLevel } from "../../wire/protocol.ts";
import { leave } from "./leave.ts";
import type { Log } from "./log/log.ts";
import { current } from "./invocation/invocation.ts";

/** How the end of a program that runs beside the agent ends the machine. @param flush gives to the channel what waits to be sent */
export function machineEnder(log: Log, flush: () => void): (reason: string, code: number) => never {
  return (reason, code) => {
    log.say(null, LogLevel.Agent, reason);
    log.tellDropped();
    flush();
    return leave(code, reason);
  };
}

/** @param flush gives to the channel what waits to be sent */
export function captureExit(log: Log, flush: () => void): void {
  const exitFrom = (what: string) => (code?: number | string | null) => {
    const stack = new Error(`the function called ${what}, which ends its machine`).stack!;
    log.say(current.getStore() ?? null, LogLevel.Agent, stack.replace(/^Error: /, ""));
    log.tellDropped();
    flush();
    leave(Number(code ?? process.exitCode ?? 0), `the app called ${what}`);
  };
  process.exit = exitFrom("process.exit");
  process.abort = exitFrom("process.abort");
  const kill = process.kill.bind(process);
  const killSelf = exitFrom("process.kill on itself");
  process.kill = (pid, signal) => {
    if (pid === process.pid && signal !== 0) killSelf(1);
    return kill(pid, signal);
  };
}
