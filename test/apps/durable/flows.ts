/** What executions of the tests do, chosen by their input. */
import { Buffer } from "node:buffer";
import {
  completeBatch,
  CompletionOutcome,
  continueBatch,
  createLinearRetryStrategy,
  createRetryStrategy,
  createWaitStrategy,
  type DurableContext,
  JitterStrategy,
  NestingType,
  retryPresets,
  StepSemantics,
  withDurableExecution,
} from "@aws/durable-execution-sdk-js";

// oxlint-disable-next-line typescript/no-explicit-any -- each flow has an input of its own
type Flow = (input: any, context: DurableContext) => Promise<unknown>;

const soon = { seconds: 1 };
const quickly = (maxAttempts: number) =>
  createRetryStrategy({ maxAttempts, initialDelay: soon, backoffRate: 1, jitter: JitterStrategy.NONE });
const noRetry = { retryStrategy: retryPresets.noRetry };

function failing(message: string): never {
  throw new TypeError(message);
}

const flows: Record<string, Flow> = {
  async greet({ name }, context) {
    const user = await context.step("fetch", async () => ({ name }));
    await context.wait("pause", soon);
    return context.step("greet", async () => `Hello, ${user.name}!`);
  },
  async approve(_input, context) {
    const answer = await context.waitForCallback("approval", async () => {}, { timeout: { minutes: 5 } });
    return { answer };
  },
  fails: (_input, context) => context.step("fail", async () => failing("it fails"), { retryStrategy: quickly(2) }),
  async squares({ items, atOnce }, context) {
    const batch = await context.map(
      "squares",
      items as number[],
      async (inner, item) => inner.step(`square-${item}`, async () => item * item),
      {
        maxConcurrency: atOnce,
      },
    );
    return batch.getResults();
  },

  /** Of several branches, some wait for longer than the batch does. */
  async firstOf({ enough }, context) {
    const branches = [1, 60, 1].map((seconds, at) => ({
      name: `branch-${at}`,
      func: async (inner: DurableContext) => {
        await inner.wait("its-wait", { seconds });
        return at;
      },
    }));
    const batch = await context.parallel("branches", branches, { completionConfig: { minSuccessful: enough } });
    return { reason: batch.completionReason, results: batch.getResults(), started: batch.startedCount };
  },
  async tolerant({ failures, percentage }, context) {
    const completionConfig = percentage === undefined ? { toleratedFailureCount: failures } : { toleratedFailurePercentage: percentage };
    const batch = await context.map(
      "items",
      [0, 1, 2, 3],
      async (inner, item) => inner.step(`item-${item}`, async () => (item < 2 ? failing(`item ${item}`) : item), noRetry),
      { maxConcurrency: 1, completionConfig },
    );
    const { completionReason, status, successCount, failureCount, totalCount } = batch;
    return { completionReason, status, successCount, failureCount, totalCount };
  },
  async quorum({ reachable }, context) {
    const batch = await context.map(
      "votes",
      [true, true, reachable as boolean],
      async (inner, vote) => inner.step("vote", async () => vote),
      {
        maxConcurrency: 1,
        completionConfig: {
          shouldComplete: ({ successCount, totalCount }) =>
            successCount === totalCount
              ? completeBatch(reachable === true ? CompletionOutcome.SUCCEEDED : CompletionOutcome.FAILED)
              : continueBatch(),
        },
      },
    );
    return { reason: batch.completionReason, status: batch.status };
  },
  /** Items without contexts of their own, over a wait. */
  async flat({ items }, context) {
    const batch = await context.map(
      "flat",
      items as number[],
      async (inner, item) => {
        await inner.wait(soon);
        return inner.step(`double-${item}`, async () => 2 * item);
      },
      { nesting: NestingType.FLAT },
    );
    return batch.getResults();
  },
  async nested(_input, context) {
    return context.runInChildContext("outer", async (outer) => {
      const first = await outer.step("first", async () => 1);
      const rest = await outer.runInChildContext("inner", async (inner) => {
        await inner.wait("inner-wait", soon);
        const batch = await inner.map("each", [10, 20], async (each, item) => each.step(async () => item + first));
        return batch.getResults();
      });
      return [first, ...rest];
    });
  },
  async polls({ until }, context) {
    return context.waitForCondition("count", async (state: number) => state + 1, {
      initialState: 0,
      waitStrategy: createWaitStrategy<number>({
        maxAttempts: 5,
        initialDelay: soon,
        backoffRate: 1,
        jitter: JitterStrategy.NONE,
        shouldContinuePolling: (state) => state < until,
      }),
    });
  },
  async heartbeats(_input, context) {
    const [promise, id] = await context.createCallback("beating", { timeout: { minutes: 5 }, heartbeatTimeout: { seconds: 5 } });
    await context.step("tell", async () => id);
    return promise;
  },
  async late(_input, context) {
    const [promise] = await context.createCallback("late", { timeout: soon });
    try {
      return await promise;
    } catch (error) {
      return { name: (error as Error).constructor.name };
    }
  },
  async linear(_input, context) {
    const retryStrategy = createLinearRetryStrategy({ maxAttempts: 3, initialDelay: soon, jitter: JitterStrategy.NONE });
    return context.step("third", async ({ attempt }) => (attempt < 3 ? failing("not yet") : attempt), { retryStrategy });
  },
  /** A step that may not run twice, of a process that ends in its middle. */
  async once({ file }, context) {
    const { existsSync, writeFileSync } = await import("node:fs");
    const config = { semantics: StepSemantics.AtMostOncePerRetry, ...noRetry };
    try {
      return await context.step(
        "only-once",
        async () => {
          if (existsSync(file)) return "it ran twice";
          writeFileSync(file, "");
          return process.exit(1);
        },
        config,
      );
    } catch (error) {
      return { interrupted: (error as Error).message };
    }
  },
  async combined(_input, context) {
    const later = (name: string, seconds: number) =>
      context.runInChildContext(name, async (inner) => (await inner.wait({ seconds }), name));
    const raced = await context.promise.race("race", [later("slow", 30), later("fast", 1)]);
    const settled = await context.promise.allSettled("settled", [
      context.step("fine", async () => 1),
      context.step("bad", async () => failing("bad"), noRetry),
    ]);
    const any = await context.promise.any("any", [
      context.step("no", async () => failing("no"), noRetry),
      context.step("yes", async () => "yes"),
    ]);
    return { raced, settled: settled.map(({ status }) => status), any };
  },
  /** More than a call or a page of the state has room for, and a result that is not stored. */
  async large({ parts, bytes }, context) {
    const sizes = await context.runInChildContext("large", async (inner) => {
      const all: string[] = [];
      for (let at = 0; at < parts; at++) all.push(await inner.step(`part-${at}`, async () => String(at % 10).repeat(bytes)));
      return all;
    });
    await context.wait(soon);
    return sizes.map((text) => `${text[0]}${text.length}`);
  },
  async many({ count }, context) {
    const batch = await context.map(
      "many",
      Array.from({ length: count }, (_, at) => at),
      async (inner, item) => inner.step(async () => item),
      {
        nesting: NestingType.FLAT,
      },
    );
    await context.wait(soon);
    return batch.getResults().reduce((sum, each) => sum + each, 0);
  },
  async returns({ bytes }, context) {
    await context.wait(soon);
    return "r".repeat(bytes);
  },
  async bytes({ text }, context) {
    const kept = await context.step("kept", async () => text as string);
    await context.wait(soon);
    return { text: kept, bytes: Buffer.byteLength(kept) };
  },
  async calls({ name, payload }, context) {
    try {
      return { result: await context.invoke("call", name, payload) };
    } catch (error) {
      const { message, cause } = error as Error;
      return { error: message, type: (error as { errorType?: string }).errorType, cause: (cause as Error | undefined)?.name };
    }
  },
  async waits({ seconds }, context) {
    await context.wait("long", { seconds });
    return "waited";
  },
  async sleeps({ ms }) {
    await new Promise((resolve) => setTimeout(resolve, ms));
    return "slept";
  },
  async data() {
    throw Object.assign(new Error("with data"), { name: "OwnError" });
  },
  async none() {
    return undefined;
  },
};

export const handler = withDurableExecution(
  async (event: { flow: string } | { rawPath: string; body?: string }, context: DurableContext) => {
    const input = "rawPath" in event ? (JSON.parse(event.body ?? "{}") as { flow: string }) : event;
    return flows[input.flow]!(input, context);
  },
);
