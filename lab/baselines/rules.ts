/** What tells one classic policy from another. Each is called by `classic.ts`, which does all that they have in common. */
import type { InvocationId, PolicyCommand } from "../../src/policy/policy.ts";
import type { ClassicApp, ClassicMachine, ClassicState } from "./classic-state.ts";

export interface Rules<Memory, AppMemory> {
  createMemory(): Memory;
  createAppMemory(): AppMemory;
  /** Machines of no app to keep ready, at first. Default: 0. */
  blanks?: number;
  /** Index in `app.open`, which is not empty, of the machine for the next invocation. Default: the last, so that the first fall idle. */
  choose?(state: ClassicState<Memory, AppMemory>, app: ClassicApp<AppMemory>): number;
  /** An invocation is about to come. */
  arriving?(state: ClassicState<Memory, AppMemory>, app: ClassicApp<AppMemory>, now: number): void;
  /** An invocation is about to end, on its machine or by not being waited for. */
  ending?(state: ClassicState<Memory, AppMemory>, app: ClassicApp<AppMemory>, invocation: InvocationId, now: number): void;
  /** An invocation got a slot. */
  served?(state: ClassicState<Memory, AppMemory>, app: ClassicApp<AppMemory>, invocation: InvocationId, now: number): void;
  /** An invocation began to wait, or something happened to machines of an app with some that wait. */
  lacks(state: ClassicState<Memory, AppMemory>, app: ClassicApp<AppMemory>, now: number, commands: PolicyCommand[]): void;
  /** A bound machine has nothing to do: it has `worked`, or it came up and nobody needs it any more. */
  idle(
    state: ClassicState<Memory, AppMemory>,
    machine: ClassicMachine<AppMemory>,
    app: ClassicApp<AppMemory>,
    worked: boolean,
    now: number,
    commands: PolicyCommand[],
  ): void;
  /** What `setAppTimer` asked for. */
  appTimer?(state: ClassicState<Memory, AppMemory>, app: ClassicApp<AppMemory>, now: number, commands: PolicyCommand[]): void;
  /** What `setTimer` asked for. */
  timer?(state: ClassicState<Memory, AppMemory>, now: number, commands: PolicyCommand[]): void;
  /** What an idle machine is worth where one has to go. Default: since when it is idle, that is, the least recently used goes. */
  worth?(machine: ClassicMachine<AppMemory>): number;
  /** A machine had to go for another. */
  evicted?(state: ClassicState<Memory, AppMemory>, machine: ClassicMachine<AppMemory>): void;
}
