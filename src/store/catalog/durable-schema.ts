/** What an app's manifest says of a function whose progress is stored: its executions may take up to a year. */
import { z } from "zod";

/** Seconds: a year of 366 days. */
export const MOST_TIMEOUT_S = 31_622_400;
export const MOST_RETENTION_DAYS = 90;

export const durableSchema = z.strictObject({
  /** An execution that has taken longer is ended, in seconds. */
  timeoutS: z.int().min(1).max(MOST_TIMEOUT_S).default(86_400),
  /** For how many days an execution is kept after its end. */
  retentionDays: z.int().min(1).max(MOST_RETENTION_DAYS).default(14),
});

export type DurableRule = z.infer<typeof durableSchema>;

export const usualDurable: DurableRule = durableSchema.parse({});
