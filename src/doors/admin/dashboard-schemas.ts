/** What the routes that the dashboard was made for accept and return. */
import { z } from "@hono/zod-openapi";
import { forPhases } from "../../store/history/counts.ts";
import { DEMAND_SPAN_NAMES } from "../../store/history/demand-counts.ts";
import { SPAN_NAMES } from "../../store/history/spans.ts";
import { principalSchema } from "./tenant-schemas.ts";

const milliseconds = z.int().openapi({ description: "Milliseconds since the epoch." });
const secret = z.string().min(1).max(1_000);

export const loginSchema = z
  .union([z.strictObject({ token: secret }), z.strictObject({ accessKeyId: secret, secretAccessKey: secret })])
  .openapi("Login");

export const sessionSchema = z
  .object({
    csrf: z.string().openapi({ description: "Sent as the header Mayfly-Csrf with each request that the cookie is sent with." }),
    endsAt: milliseconds,
    principal: principalSchema,
  })
  .openapi("Session");

export const historyQuerySchema = z.strictObject({
  span: z
    .enum(SPAN_NAMES)
    .default("hour")
    .openapi({ description: "A point every 10 seconds of an hour, every minute of a day, every hour of a month." }),
});

const perPhase = z.object(forPhases(() => z.number())).openapi({ description: "The average number of machines in each phase." });

const pointSchema = z
  .object({
    calls: z.number().openapi({ description: "Calls that ended, per second." }),
    failed: z.number().openapi({ description: "Of these, those whose callers got an error of Mayfly's, or a status of 500 or more." }),
    p50: z
      .number()
      .nullable()
      .openapi({ description: "Milliseconds until the reply began, waiting included, to 5 %; null: no call succeeded." }),
    p99: z.number().nullable(),
    machines: perPhase,
    memoryBytes: z.number(),
    cpus: z.number().openapi({ description: "CPUs that machines used on average." }),
  })
  .openapi("HistoryPoint");

export const historySchema = z
  .object({
    span: z.enum(SPAN_NAMES),
    stepMs: z.int(),
    at: z.array(milliseconds).openapi({ description: "When each step began, the oldest first." }),
    points: z.array(pointSchema.nullable()).openapi({ description: "One for each step; null: no server ran." }),
  })
  .openapi("History");

export const demandQuerySchema = z.strictObject({
  span: z
    .enum(DEMAND_SPAN_NAMES)
    .default("hour")
    .openapi({ description: "Arrivals by the second of an hour, by 10 seconds of a day, by the minute of a week." }),
});

const times = z.array(z.tuple([z.number(), z.int()])).openapi({ description: "Pairs of milliseconds, to a tenth, and a number of calls." });

export const demandSchema = z
  .object({
    span: z.enum(DEMAND_SPAN_NAMES),
    slotMs: z.int().openapi({ description: "What one number of `arrivals` stands for." }),
    from: milliseconds,
    arrivals: z
      .array(z.int())
      .openapi({ description: "Calls that arrived, for each slot from `from` up to now; empty: nothing was recorded." }),
    ran: times,
    ranMeanMs: z.number().openapi({ description: "How long a call had a slot of a machine, on average." }),
    waited: times,
    binds: z.int().openapi({ description: "Machines that were bound to the app." }),
    machineSeconds: z.number(),
    gbSeconds: z.number(),
    cpuSeconds: z.number(),
    rules: z
      .object({
        blanks: z.int(),
        idleMs: z.number().nullable().openapi({ description: "null: how long an idle machine is kept is learned." }),
        waitWorth: z.number(),
        cpuWorth: z.number(),
        maxMachines: z.int(),
        startsPerSecond: z.number(),
        concurrency: z.int(),
        minMachines: z.int(),
        appMaxMachines: z.int(),
        queue: z.int(),
        memoryMb: z.int(),
        vcpus: z.int(),
      })
      .openapi({
        description: "By which machines are kept now: settings of the server, and the manifest of the revision that gets most calls.",
      }),
    machines: z
      .object({ startMs: z.number().nullable(), bindMs: z.number().nullable() })
      .openapi({ description: "How long starts and binds took lately; null: there were none since the server started." }),
    prices: z.object({ vcpuSecond: z.number(), gbSecond: z.number(), currency: z.string() }),
  })
  .openapi("Demand");

export const spendSchema = z
  .object({
    month: z.string(),
    currency: z.string(),
    apps: z.number().openapi({ description: "What the apps used costs." }),
    platform: z.number().openapi({ description: "What the platform used itself; 0 for who does not see the whole server." }),
    wallClock: z.number().openapi({ description: "The price of the same invocations if their wall time were billed." }),
    requests: z.int(),
  })
  .openapi("Spend");
