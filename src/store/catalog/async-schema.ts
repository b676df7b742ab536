/** The key `async` of a function in mayfly.json: how calls are repeated that are run later, and where their results go. docs/events.md describes it for users. */
import { z } from "zod";
import { queueNameSchema } from "./binding-schema.ts";
import { nameSchema } from "./name-schema.ts";

/** A result goes to a function of the same app, to a queue of the app or one that is shared with it, or to a URL, signed with a secret of the app. */
const destinationSchema = z.union([
  z.strictObject({ function: nameSchema }),
  z.strictObject({ queue: queueNameSchema }),
  z.strictObject({
    url: z
      .string()
      .max(2_048)
      .refine(
        (text) => /^https?:\/\//.test(text) && URL.canParse(text) && new URL(text).username === "",
        "must be a URL of http or https, without a user",
      ),
    secret: z
      .string()
      .regex(/^(?!__proto__$)[A-Za-z_][A-Za-z0-9_]*$/, "must be the name of a secret: letters, digits and _")
      .optional(),
  }),
]);

export type AsyncDestination = z.infer<typeof destinationSchema>;

export const asyncSchema = z.strictObject({
  /** How often the function is run at most, if it fails. */
  attempts: z.int().min(1).max(1_000).default(3),
  /** Seconds after which no further attempt begins. */
  maxAgeS: z.number().min(1).max(31_622_400).default(21_600),
  /** Seconds between the first failure and the next attempt; doubled after each. */
  waitS: z.number().min(0).max(86_400).default(10),
  /** What it is doubled up to. */
  mostWaitS: z.number().min(0).max(86_400).default(3_600),
  /** How many run at the same time. */
  concurrency: z.int().min(1).max(10_000).default(100),
  onSuccess: destinationSchema.optional(),
  onFailure: destinationSchema.optional(),
});

export type AsyncRule = z.infer<typeof asyncSchema>;

/** What holds where a function has no such key. */
export const usualAsync: AsyncRule = asyncSchema.parse({});

/** @param functions the names of all functions of the app */
export function wrongDestination(
  name: string,
  rule: AsyncRule | undefined,
  functions: readonly string[],
): { key: "onSuccess" | "onFailure"; what: string } | undefined {
  for (const key of ["onSuccess", "onFailure"] as const) {
    const given = rule?.[key];
    if (given === undefined || !("function" in given)) continue;
    const to = given.function;
    if (to === name) return { key, what: "must be another function: its own results would go round without an end" };
    if (!functions.includes(to)) return { key, what: `must be a function of the app, and ${to} is none` };
  }
  return undefined;
}
