/**
 * Handlers for the cases of ../shared/durable-cases/, written from their words. An execution of the name `case-<number of the case>-…` runs the one of that number.
 * The file is long because it is one list, a handler for each of about a hundred cases.
 */
import { GetDurableExecutionHistoryCommand, LambdaClient } from "@aws-sdk/client-lambda";
import {
  type BatchResult,
  createRetryStrategy,
  createWaitStrategy,
  type DurableContext,
  JitterStrategy,
  NestingType,
  retryPresets,
  StepSemantics,
  withDurableExecution,
} from "@aws/durable-execution-sdk-js";

// oxlint-disable-next-line typescript/no-explicit-any -- each case has an input of its own
type Case = (input: any, context: DurableContext, call: { isFirst: boolean; arn: string }) => Promise<unknown>;

const noRetry = { retryStrategy: retryPresets.noRetry };
const afterOneSecond = (maxAttempts: number) =>
  createRetryStrategy({ maxAttempts, initialDelay: { seconds: 1 }, backoffRate: 1, jitter: JitterStrategy.NONE });
const inOrder = { maxConcurrency: 1 };

/** The SDK goes on by itself if the time is over before it has ended the call, as it may on a slow host. */
const slowly = createRetryStrategy({ maxAttempts: 3, initialDelay: { seconds: 3 }, backoffRate: 1, jitter: JitterStrategy.NONE });

class TransientError extends Error {
  override name = "TransientError";
}

function fail(message = "it fails"): never {
  throw new Error(message);
}

const counting = (limit: number, more: object = {}) => ({
  initialState: 0,
  waitStrategy: (state: number) =>
    state < limit ? ({ shouldContinue: true, delay: { seconds: 1 } } as const) : ({ shouldContinue: false } as const),
  ...more,
});
const increment = async (state: number) => state + 1;

const failingTwice: (config?: object) => Case = (config) => (_input, context) =>
  context.step(
    "unreliable",
    async ({ attempt }) => {
      if (attempt < 3) fail();
      return "third time";
    },
    config,
  );

interface Batch {
  completionReason: string;
  status: string;
  successCount: number;
  failureCount: number;
  totalCount: number;
}

const summary = ({ completionReason, status, successCount, failureCount, totalCount }: Batch) => ({
  completionReason,
  status,
  successCount,
  failureCount,
  totalCount,
});
const counts = ({ completionReason, successCount, failureCount, totalCount }: Batch) => ({
  completionReason,
  successCount,
  failureCount,
  totalCount,
});
const withoutFailures = ({ completionReason, successCount, totalCount }: Batch) => ({ completionReason, successCount, totalCount });

const good = (value: unknown) => async () => value;
const bad = async () => fail();
const submitter = async () => {};

const cases: Record<string, Case> = {
  "1-1": (name, context) => context.step("greet", async () => `Hello, ${name}!`),
  "1-2": (name, context) => context.step("custom_step_name", async () => `Hello, ${name}!`),
  "1-4": ({ name, tags }, context) => context.step("build", async () => ({ user: { name, tags }, count: tags.length })),
  "1-6": (input, context) =>
    context.step("upper", async () => input, {
      serdes: {
        serialize: async (value: string | undefined) => JSON.stringify(value?.toUpperCase()),
        deserialize: async (text: string | undefined) => (text === undefined ? undefined : JSON.parse(text)),
      },
    }),
  "1-7": (name, context) =>
    context.step("greet", async ({ logger }) => {
      logger.info(`Greeting step started for: ${name}`);
      logger.info(`Greeting step completed with: Hello, ${name}!`);
      return `Hello, ${name}!`;
    }),
  "1-8": async (_input, context) => {
    const result = await context.step("compute", async () => "computed");
    await context.wait({ seconds: 2 });
    return result;
  },
  "1-9": async (_input, context) => {
    const result = await context.step("compute", async () => "cached_value");
    await context.wait({ seconds: 1 });
    return result;
  },
  "1-12": (_input, context) => context.step("failing", bad, { retryStrategy: afterOneSecond(4) }),
  "1-13": failingTwice(),
  "1-14": failingTwice({
    retryStrategy: createRetryStrategy({ maxAttempts: 5, initialDelay: { seconds: 2 }, backoffRate: 3, jitter: JitterStrategy.NONE }),
  }),
  "1-15": (_input, context) =>
    context.step(
      "transient",
      async ({ attempt }) => {
        if (attempt === 1) throw new TransientError("once");
        return "done";
      },
      {
        retryStrategy: (error) => (error instanceof TransientError ? { shouldRetry: true, delay: { seconds: 1 } } : { shouldRetry: false }),
      },
    ),
  "1-16": (_input, context) =>
    context.step(
      "transient",
      async () => {
        throw new TransientError("always");
      },
      {
        retryStrategy: (error) => (error instanceof TransientError ? { shouldRetry: false } : { shouldRetry: true, delay: { seconds: 1 } }),
      },
    ),
  "1-17": (input, context) =>
    context.step(
      "at_most_once_flaky_step",
      async ({ logger }) => {
        logger.info(input);
        await logged();
        process.exit(1);
      },
      { semantics: StepSemantics.AtMostOncePerRetry, ...noRetry },
    ),
  "1-18": (input, context) =>
    context.step(
      "at_most_once_flaky_step",
      async ({ logger, attempt }) => {
        logger.info(input);
        await logged();
        if (attempt === 1) process.exit(1);
        return "succeeded on second attempt";
      },
      { semantics: StepSemantics.AtMostOncePerRetry, retryStrategy: afterOneSecond(3) },
    ),
  "1-19": (_input, context) => context.step("failing", bad, noRetry),
  "1-20": async (_input, context) => {
    const result = await context.step("failing", bad, noRetry).catch(() => "fallback_result");
    return context.step("second", async () => result);
  },

  "2-2": (_input, context) => context.wait("custom_wait_name", { seconds: 2 }),
  "2-4": (_input, context) => context.wait({ minutes: 1 }),

  "3-1": (input, context) => context.runInChildContext("child", (child) => child.step("step", async () => input)),
  "3-2": ({ name, value }, context) => context.runInChildContext(name, (child) => child.step("step", async () => value)),
  "3-3": (input, context) =>
    context.runInChildContext("child", async (child) => {
      const first = await child.step("first", async () => input);
      return child.step("second", async () => first);
    }),
  "3-4": (_input, context) => context.runInChildContext("child", (child) => child.step("failing", bad, noRetry)),
  "3-6": (input, context) =>
    context.runInChildContext("outer", async (outer) => {
      await outer.step("outer-step", async () => input);
      return outer.runInChildContext("inner", (inner) => inner.step("inner-step", async () => input));
    }),
  "3-7": (input, context) =>
    context.runInChildContext("child", (child) =>
      child.step(
        "retried",
        async ({ attempt }) => {
          if (attempt === 1) fail();
          return input;
        },
        { retryStrategy: slowly },
      ),
    ),
  "3-9": async (input, context) => {
    const result = await context.runInChildContext("child", (child) => child.step("step", async () => input));
    await context.wait({ seconds: 1 });
    return result;
  },
  "3-10": (input, context) =>
    context.runInChildContext("child", async (child) => {
      const result = await child.step("step", async () => input);
      await child.wait({ seconds: 1 });
      return result;
    }),
  "3-11": async (input, context) => {
    const large = await context.runInChildContext("child", async (child) => {
      // For this context alone.
      child.configureLogger({ modeAware: false });
      child.logger.info(input);
      return (await child.step("step", async () => "x")).repeat(300_000);
    });
    await context.wait({ seconds: 1 });
    return large.length;
  },
  "3-12": (input, context, { isFirst, arn }) =>
    context.runInChildContext("child", (child) =>
      child.step("step", async () => {
        if (isFirst) {
          await storedStart(arn);
          process.exit(1);
        }
        return input;
      }),
    ),
  "3-13": async (input, context) => {
    await context.runInChildContext("child", async (child) => {
      await child.wait({ seconds: 1 });
      return input;
    });
    return context.step("outer", async () => input);
  },
  "3-15": (_input, context) => context.runInChildContext("child", bad),
  "3-16": (_input, context) => context.runInChildContext("child", async () => null),
  "3-17": async (input, context) => {
    const result = await context.runInChildContext("child", async (child) => {
      // For this context alone.
      child.configureLogger({ modeAware: false });
      child.logger.info(input);
      return input;
    });
    await context.wait({ seconds: 1 });
    return result;
  },

  "4-4": (name, context) => awaited(context, name, { heartbeatTimeout: { seconds: 5 } }),
  "4-5": (name, context) => awaited(context, name, { heartbeatTimeout: { seconds: 10 } }),
  "4-9": (name, context) => awaitedAfter(context, name, 5),
  "4-10": (name, context) => awaitedAfter(context, name, 5),
  "4-11": (name, context) => awaitedAfter(context, name, 6, { timeout: { seconds: 3 } }),
  "4-12": async (name, context) => {
    const result = await awaited(context, name);
    await context.wait({ seconds: 2 });
    return result;
  },
  "4-13": async (name, context) => {
    const result = await awaited(context, name).catch((error: Error) => error.message);
    await context.wait({ seconds: 2 });
    return result;
  },
  "4-14": async (name, context) => {
    const result = await awaited(context, name, { timeout: { seconds: 3 } }).catch((error: Error) => error.message);
    await context.wait({ seconds: 2 });
    return result;
  },
  "4-15": async (name, context) => {
    const deserialize = async (text: string | undefined) => {
      const { timestamp, ...rest } = JSON.parse(text ?? "null") as { timestamp: string };
      return { ...rest, timestamp: new Date(timestamp) };
    };
    const { timestamp, ...rest } = (await awaited(context, name, { serdes: { deserialize } })) as { timestamp: Date };
    return { received: { ...rest, timestamp: timestamp.getTime() / 1_000 } };
  },
  "4-17": async ([first, second], context) => {
    const results = [await awaited(context, first)];
    results.push(await awaited(context, second));
    return results;
  },
  "4-18": async ([first, second], context) => {
    const [a] = await context.createCallback(first);
    const [b] = await context.createCallback(second);
    return [await a, await b];
  },

  // Of two texts, the SDK takes the first one for a name.
  "5-1": (input, context) => context.invoke("echo", ECHO, input),
  "5-2": ({ name, payload }, context) => context.invoke(name, ECHO, payload),
  "5-3": (input, context) => context.invoke(ECHO, input),
  "5-4": (_input, context) => context.invoke(ECHO, null),
  "5-5": (_input, context) => context.invoke(FAILING, {}),
  "5-9": async (_input, context) => {
    const result = await context.invoke("echo", ECHO, "called");
    await context.wait({ seconds: 3 });
    return result;
  },
  "5-10": async (_input, context) => {
    const result = await context.invoke(FAILING, {}).catch((error: unknown) => String(error));
    await context.wait({ seconds: 1 });
    return result;
  },
  "5-11": async (_input, context) => context.invoke("echo", ECHO, await context.step("first", async () => "of the step")),
  "5-12": async (_input, context) => {
    const result = await context.invoke("echo", ECHO, "called");
    return context.step("second", async () => result);
  },
  "5-13": (_input, context) => context.runInChildContext("child", (child) => child.invoke("echo", ECHO, "within")),
  "5-14": async (_input, context) => [await context.invoke(ECHO, 1), await context.invoke(ECHO, 2)],
  "5-15": (input, context) =>
    context.invoke(ECHO, input, {
      payloadSerdes: {
        serialize: async (value: unknown) => JSON.stringify(value).toUpperCase(),
        deserialize: async (text: string | undefined) => JSON.parse(text ?? "null") as unknown,
      },
    }),

  "6-1": (limit, context) => context.waitForCondition("poll", increment, counting(limit)),
  "6-2": (limit, context) => context.waitForCondition("poll", async (state: number) => state, counting(limit, { initialState: 5 })),
  "6-5": (limit, context) =>
    context.waitForCondition("poll", increment, {
      initialState: 0,
      waitStrategy: (state) => (state < limit ? { shouldContinue: true, delay: { seconds: 2 } } : { shouldContinue: false }),
    }),
  "6-6": (_input, context) =>
    context.waitForCondition("poll", increment, {
      initialState: 0,
      waitStrategy: createWaitStrategy({
        maxAttempts: 3,
        initialDelay: { seconds: 1 },
        backoffRate: 1,
        jitter: JitterStrategy.NONE,
        shouldContinuePolling: () => true,
      }),
    }),
  "6-9": (_input, context) =>
    context.waitForCondition(
      "poll",
      async ({ attempts }: { status: string; attempts: number }) => ({
        status: attempts + 1 >= 2 ? "DONE" : "PENDING",
        attempts: attempts + 1,
      }),
      {
        initialState: { status: "PENDING", attempts: 0 },
        waitStrategy: ({ status }) => (status === "PENDING" ? { shouldContinue: true, delay: { seconds: 1 } } : { shouldContinue: false }),
      },
    ),
  "6-11": (_input, context) =>
    context.waitForCondition("poll", async (state: string) => `${state}x`, {
      initialState: "",
      waitStrategy: (state) => (state.length < 2 ? { shouldContinue: true, delay: { seconds: 1 } } : { shouldContinue: false }),
      serdes: {
        serialize: async (state) => `encoded:${state}`,
        deserialize: async (text) => text?.slice("encoded:".length),
      },
    }),
  "6-12": async (limit, context) => {
    const state = await context.waitForCondition("poll", increment, counting(limit));
    return context.step("tenfold", async () => state * 10);
  },
  "6-13": async (_input, context) => {
    const first = await context.waitForCondition("first", increment, counting(2));
    return context.waitForCondition("second", increment, counting(4, { initialState: first }));
  },

  "7-1": (name, context) => context.waitForCallback(name, submitter),
  "7-3": (_input, context) => context.waitForCallback(submitter),
  "7-4": (name, context) => context.waitForCallback(name, submitter),
  "7-5": (name, context) => context.waitForCallback(name, submitter, { timeout: { seconds: 3 } }),
  "7-6": (name, context) => context.waitForCallback(name, submitter).catch(() => "recovered"),
  "7-7": (name, context) => context.waitForCallback(name, bad, { retryStrategy: afterOneSecond(2) }),
  "7-8": (name, context) => context.runInChildContext("wrapper", (child) => child.waitForCallback(name, submitter)),
  "7-10": async (name, context) => {
    await context.wait({ seconds: 1 });
    await context.step("fixed", async () => "data");
    return context.waitForCallback(name, submitter);
  },
  "7-11": async (name, context) => {
    const deserialize = async (text: string | undefined) => JSON.parse(text ?? "null") as { status: string };
    return (await context.waitForCallback(name, submitter, { serdes: { deserialize } })).status;
  },
  "7-13": (name, context) => context.waitForCallback(name, submitter, { heartbeatTimeout: { seconds: 10 } }),
  "7-14": (name, context) => context.waitForCallback(name, submitter, { timeout: { seconds: 3 } }).catch(() => "timed-out-handled"),
  "7-15": async (name, context) => (await context.waitForCallback(name, submitter)) ?? null,

  "8-1": async (_input, context) =>
    (
      await context.parallel(
        "parallel",
        [(branch) => branch.step("first", async () => "task-1"), (branch) => branch.step("second", async () => "task-2")],
        inOrder,
      )
    ).getResults(),
  "8-2": async (_input, context) => (await context.parallel([good("alpha"), good("beta")], inOrder)).getResults(),
  "8-3": async (_input, context) =>
    (
      await context.parallel(
        "named",
        [
          { name: "first", func: good("one") },
          { name: "second", func: good("two") },
        ],
        inOrder,
      )
    ).getResults(),
  "8-4": async (_input, context) => (await context.parallel("types", [good("hello"), good(42), good({ k: "v" })], inOrder)).getResults(),
  "8-6": async (_input, context) =>
    summary(
      await context.parallel("fast", [good("ok"), bad, good("never")], { ...inOrder, completionConfig: { toleratedFailureCount: 0 } }),
    ),
  "8-7": async (_input, context) =>
    (await context.parallel("fast", [bad, good("never")], { ...inOrder, completionConfig: { toleratedFailureCount: 0 } })).throwIfError(),
  "8-9": async (_input, context) =>
    summary(await context.parallel("tolerant", [good(1), bad, good(3)], { ...inOrder, completionConfig: { toleratedFailureCount: 1 } })),
  "8-10": async (_input, context) =>
    counts(await context.parallel("tolerant", [bad, bad, good(3)], { ...inOrder, completionConfig: { toleratedFailureCount: 1 } })),
  "8-11": async (_input, context) =>
    (await context.parallel("two", [good("r0"), good("r1"), good("r2")], { maxConcurrency: 2 })).getResults(),
  "8-12": async (_input, context) =>
    (
      await context.parallel("flat", [(branch) => branch.step("a", async () => "fa"), (branch) => branch.step("b", async () => "fb")], {
        ...inOrder,
        nesting: NestingType.FLAT,
      })
    ).getResults(),
  "8-13": async (_input, context) =>
    counts(
      await context.parallel("share", [bad, bad, good(3), good(4)], { ...inOrder, completionConfig: { toleratedFailurePercentage: 25 } }),
    ),
  "8-14": async (_input, context) =>
    (
      await context.parallel(
        "waiting",
        [
          (branch) => branch.step("first", async () => "b0"),
          async (branch) => {
            await branch.wait({ seconds: 2 });
            return "b1";
          },
        ],
        inOrder,
      )
    ).getResults(),
  "8-15": async (_input, context) =>
    (
      await context.parallel("wrapped", [good("x"), good("y")], {
        ...inOrder,
        itemSerdes: {
          serialize: async (value: unknown) => JSON.stringify({ wrapped: value }),
          deserialize: async (text: string | undefined) => (JSON.parse(text ?? "{}") as { wrapped: unknown }).wrapped,
        },
      })
    ).getResults(),
  "8-20": async (_input, context) => {
    const batch = await context.parallel("mixed", [good(1), bad, good(3)], { ...inOrder, completionConfig: { toleratedFailureCount: 1 } });
    return {
      hasFailure: batch.hasFailure,
      successCount: batch.succeeded().length,
      failureCount: batch.failed().length,
      errorCount: batch.getErrors().length,
    };
  },
  "8-22": async (_input, context) =>
    summary(
      await context.parallel("share", [bad, good(2), good(3), good(4)], {
        ...inOrder,
        completionConfig: { toleratedFailurePercentage: 25 },
      }),
    ),

  "9-1": async (_input, context) =>
    (
      await context.map("map", ["World", "Kiro"], (child, item) => child.step("greet", async () => `Hello, ${item}!`), inOrder)
    ).getResults(),
  "9-2": async (_input, context) => (await context.map([1, 2], async (_child, item) => item * 2, inOrder)).getResults(),
  "9-3": async (_input, context) =>
    (await context.map("indexed", [10, 20, 30], async (_child, item, index) => item + index, inOrder)).getResults(),
  "9-4": async (_input, context) => (await context.map("none", [], async (_child, item) => item)).getResults(),
  "9-6": async (_input, context) =>
    (await context.map("fast", [0, 1], bad, { ...inOrder, completionConfig: { toleratedFailureCount: 0 } })).throwIfError(),
  "9-7": async (_input, context) =>
    withoutFailures(await context.map("enough", [0, 1, 2, 3], good("same"), { ...inOrder, completionConfig: { minSuccessful: 2 } })),
  "9-12": async (_input, context) =>
    (
      await context.map("flat", ["fa", "fb"], (child, item) => child.step("step", async () => item), {
        ...inOrder,
        nesting: NestingType.FLAT,
      })
    ).getResults(),
  "9-16": async (_input, context) => {
    const { successCount, totalCount } = await context.map("large", [0, 1, 2, 3], async () => "y".repeat(70_000), inOrder);
    return { successCount, totalCount };
  },
  "9-17": async (_input, context) => {
    const batch = await context.map("upper", ["a", "b"], async (_child, item) => item.toUpperCase(), inOrder);
    await context.wait({ seconds: 1 });
    return batch.getResults();
  },
  "9-18": async (_input, context) => {
    const each = async (_child: DurableContext, item: number) => (item === 1 ? fail() : "ok");
    const batch = await context.map("failing", [0, 1], each, { ...inOrder, completionConfig: { toleratedFailureCount: 1 } });
    await context.wait({ seconds: 1 });
    return summary(batch);
  },
  "9-19": async (_input, context) => {
    type Upper = BatchResult<string>;
    const prefix = "OPSERDE:";
    const serdes = {
      serialize: async (batch: Upper | undefined) => `${prefix}${batch?.getResults().join(",")}`,
      deserialize: async (text: string | undefined) => {
        const results = text?.slice(prefix.length).split(",") ?? [];
        return { getResults: () => results } as unknown as Upper;
      },
    };
    const batch = await context.map("serdes", ["x", "y"], async (_child, item: string) => item.toUpperCase(), { ...inOrder, serdes });
    return batch.getResults();
  },
};

const ECHO = "durable-cases--echo";
const FAILING = "durable-cases--failing";

async function awaited(context: DurableContext, name: string, config: object = {}): Promise<unknown> {
  const [promise] = await context.createCallback(name, config);
  return promise;
}

async function awaitedAfter(context: DurableContext, name: string, seconds: number, config: object = {}): Promise<unknown> {
  const [promise] = await context.createCallback(name, config);
  await context.wait({ seconds });
  return promise;
}

/** The start of a step is stored beside its work: this waits for it, by the API as functions reach it. */
async function storedStart(arn: string): Promise<void> {
  const client = new LambdaClient();
  for (;;) {
    const { Events = [] } = await client.send(new GetDurableExecutionHistoryCommand({ DurableExecutionArn: arn }));
    if (Events.some(({ EventType }) => EventType === "StepStarted")) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** What was written before a process ends by itself has left it, and so has a checkpoint that was under way. */
function logged(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 300));
}

interface Call {
  DurableExecutionArn: string;
  InitialExecutionState: { Operations: unknown[] };
}

export const handler = (event: Call, context: unknown) => {
  const { DurableExecutionArn: arn, InitialExecutionState } = event;
  const [, number = ""] = /\/case-(\d+-\d+)-/.exec(arn) ?? [];
  const own = cases[number] ?? (() => Promise.reject(new Error(`there is no case ${number}`)));
  const isFirst = InitialExecutionState.Operations.length === 1;
  const run = withDurableExecution((input: unknown, durable: DurableContext) => own(input, durable, { isFirst, arn }));
  return run(event as never, context);
};
