/** When something is due again and again, or once. Read from a text by read-schedule.ts; pure data, so that it can be stored. */
export type Schedule =
  /** Times of a calendar. @property cron in the syntax of croner, with seconds first and the year last */
  | { kind: "cron"; cron: string; timeZone: string }
  /** Every so many milliseconds, counted from an anchor that is stored beside the schedule. */
  | { kind: "every"; ms: number }
  /** Once. @property at wall clock, ms since the epoch */
  | { kind: "at"; at: number };
