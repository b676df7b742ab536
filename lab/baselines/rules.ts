/** What distinguishes one baseline from another. `classic.ts` calls these rules, and does all that baselines have in common. */
import type { InvocationId, PolicyCommand } from "../../src/policy/policy.ts";
import type { ClassicApp, ClassicMachine, ClassicState } from "./classic-state.ts";

export interface Rules<Memory, AppMemory> {
  createMemory(): Memory;
  createAppMemory(): AppMemory;
  /** Number of blanks to keep ready at first. Default: 0. */
  blanks?: number;
  /** Index in `app.open`, which is not empty, of the machine for the next invocation. Default: the last one, so that the first ones fall idle. */
  choose?(state: ClassicState<Memory, AppMemory>, app: ClassicApp<AppMemory>): number;
  /** Called before an invocation comes. */
  arriving?(state: ClassicState<Memory, AppMemory>, app: ClassicApp<AppMemory>, now: number): void;
  /** Called before an invocation ends, on its machine or because its caller gave up. */
  ending?(state: ClassicState<Memory, AppMemory>, app: ClassicApp<AppMemory>, invocation: InvocationId, now: number): void;
  /** Called when an invocation got a slot. */
  served?(state: ClassicState<Memory, AppMemory>, app: ClassicApp<AppMemory>, invocation: InvocationId, now: number): void;
  /** Called when an invocation began to wait, or when a machine came, changed or went of an app with waiting invocations. */
  lacks(state: ClassicState<Memory, AppMemory>, app: ClassicApp<AppMemory>, now: number, commands: PolicyCommand[]): void;
  /** Called when a bound machine is idle: it has `worked`, or it came up and no call needs it any more. */
  idle(
    state: ClassicState<Memory, AppMemory>,
    machine: ClassicMachine<AppMemory>,
    app: ClassicApp<AppMemory>,
    worked: boolean,
    now: number,
    commands: PolicyCommand[],
  ): void;
  /** Called when the time is due that `setAppTimer` set. */
  appTimer?(state: ClassicState<Memory, AppMemory>, app: ClassicApp<AppMemory>, now: number, commands: PolicyCommand[]): void;
  /** Called when the time is due that `setTimer` set. */
  timer?(state: ClassicState<Memory, AppMemory>, now: number, commands: PolicyCommand[]): void;
  /** Worth of an idle machine when one has to go; the one of least worth goes. Default: the time since when it is idle, so that the least recently used one goes. */
  worth?(machine: ClassicMachine<AppMemory>): number;
  /** Called when a machine was killed to make room for another. */
  evicted?(state: ClassicState<Memory, AppMemory>, machine: ClassicMachine<AppMemory>): void;
}
