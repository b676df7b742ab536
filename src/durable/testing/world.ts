/** Executions on a clock that stands still, with functions that the test answers for. */
import { setImmediate } from "node:timers/promises";
import { FakeClock } from "../../dispatch/testing/fake-clock.ts";
import { InlineCommit } from "../../store/group-commit/testing/inline-commit.ts";
import { Ends } from "../ends.ts";
import { executionsOver } from "../executions-over.ts";
import type { Checkpointed, Executions } from "../executions.ts";
import type { ExecutionLimits } from "../limits.ts";
import type { OperationUpdate } from "../operation.ts";
import { Runner, type RunnerOptions } from "../runner.ts";
import { engine, type ExecutionOperations } from "../store/engine.ts";
import type { NewExecution } from "../store/execution-rows.ts";
import type { Begun, Invoked } from "../store/run.ts";

/** A call of a function that the test ends. */
export interface Call {
  begun: Begun;
  /** The newest one. */
  token: string;
  end(outcome: Invoked): Promise<void>;
}

const SLICE_MS = 250;

export class World {
  readonly clock = new FakeClock();
  readonly commit = new InlineCommit<ExecutionOperations>(engine);
  readonly failures: unknown[] = [];
  /** Those that have not ended, in the order in which they began. */
  calls: Call[] = [];
  runner: Runner;
  executions: Executions;
  readonly limits: ExecutionLimits = { operations: 1_000, bytes: 1_000_000, open: 10 };
  readonly #options: Partial<RunnerOptions>;
  #tokens = 0;

  constructor(options: Partial<RunnerOptions> = {}) {
    this.#options = options;
    [this.runner, this.executions] = this.#begin();
  }

  /** As after a kill: nobody who is being called can end any more. */
  async restart(): Promise<void> {
    this.calls = [];
    [this.runner, this.executions] = this.#begin();
    await this.runner.start();
    await settled();
  }

  async start(name = "one", more: Partial<NewExecution> = {}): Promise<string> {
    const { id } = await this.executions.start({ ...execution(name), ...more });
    await settled();
    return id;
  }

  /** By the function that is being called as the first. */
  async checkpoint(id: string, ...updates: OperationUpdate[]): Promise<Checkpointed> {
    const call = this.calls.find(({ begun }) => begun.execution.id === id)!;
    const answer = await this.executions.checkpoint({ id, token: call.token, clientToken: null, updates, callees: {} });
    if (answer.kind === "done") call.token = answer.token;
    await settled();
    return answer;
  }

  /** Ends the call of the execution. */
  async end(id: string, outcome: Invoked): Promise<void> {
    await this.calls.find(({ begun }) => begun.execution.id === id)!.end(outcome);
  }

  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= SLICE_MS) {
      await this.clock.advance(Math.min(SLICE_MS, left));
      await settled();
    }
  }

  async history(id: string): Promise<string[]> {
    const page = await this.executions.history(id, { after: null, most: 1_000, isReverse: false });
    return page!.events.map(({ type }) => type);
  }

  #begin(): [Runner, Executions] {
    const newToken = () => Buffer.from(`token ${this.#tokens++}`).toString("base64");
    const ends = new Ends();
    const calls = this.calls;
    const runner = new Runner({
      commit: this.commit,
      invoker: () => ({ invoke: (begun, token) => this.#invoke(calls, begun, token) }),
      clock: this.clock,
      newToken,
      most: 100,
      ofLane: 100,
      pageBytes: 100_000,
      onEnded: (id) => ends.tell(id),
      onFailure: (error) => this.failures.push(error),
      ...this.#options,
    });
    const now = () => this.clock.wall();
    const bounds = { limits: this.limits, pageBytes: 100_000 };
    return [runner, executionsOver({ commit: this.commit, runner, ends, ...bounds, newToken, isThere: () => true, now })];
  }

  #invoke(calls: Call[], begun: Begun, token: string): Promise<{ requestId: string; outcome: Invoked }> {
    const { promise, resolve } = Promise.withResolvers<{ requestId: string; outcome: Invoked }>();
    const call: Call = {
      begun,
      token,
      async end(outcome) {
        calls.splice(calls.indexOf(call), 1);
        resolve({ requestId: `request ${begun.execution.invocation}`, outcome });
        await settled();
      },
    };
    calls.push(call);
    return promise;
  }
}

export function execution(name: string): Omit<NewExecution, "id" | "digest"> {
  return {
    app: "app_a",
    function: "orders",
    version: "$LATEST",
    name,
    isDurable: true,
    input: '"hello"',
    timeoutMs: 3_600_000,
    keepMs: 86_400_000,
    about: { functionArn: "arn:aws:lambda:us-east-1:000000000000:function:orders", call: null, executionTimeoutS: 3_600, retentionDays: 1 },
  };
}

/** What was asked for is done, as far as it needs no time. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 12; turn++) await setImmediate();
}
