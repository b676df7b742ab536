/** What commands about this host, the command line itself and work on Mayfly print. */
import { z } from "@hono/zod-openapi";
import { nameKinds } from "../completed-names.ts";
import { reportSchema } from "../../simulator/report/report.ts";

const milliseconds = z.number().openapi({ description: "Milliseconds." });

const completed = z.object({
  path: z.array(z.string()).readonly().openapi({ description: "The words that name the command; none: `mayfly` itself." }),
  words: z.array(z.object({ word: z.string(), what: z.string() })).readonly(),
  valued: z.array(z.string()).readonly().openapi({ description: "Options that are followed by a value." }),
  values: z.array(z.object({ option: z.string(), words: z.array(z.string()).readonly() })).readonly(),
  args: z
    .array(z.enum(nameKinds).nullable())
    .readonly()
    .openapi({ description: "What its arguments name: --names prints the names. null: something else." }),
});

export const toolOutputs = {
  doctor: z.object({
    findings: z.array(
      z.object({
        part: z.string(),
        ok: z.boolean(),
        detail: z.string(),
        cure: z.string().optional().openapi({ description: "What to do." }),
      }),
    ),
  }),
  setup: z.object({ image: z.string().openapi({ description: "The id of the image that machines start from." }) }),
  install: z
    .union([
      z.object({ file: z.string(), next: z.array(z.string()).openapi({ description: "Commands that start the server." }) }),
      z.object({ file: z.string(), unit: z.string() }),
    ])
    .openapi({ description: "The second form is that of --print." }),
  simulate: reportSchema,
  mcp: z.object({
    tools: z.array(
      z.object({
        name: z.string(),
        title: z.string(),
        description: z.string(),
        inputSchema: z.looseObject({ type: z.literal("object") }).openapi({ description: "JSON Schema." }),
        annotations: z.object({
          title: z.string(),
          readOnlyHint: z.boolean(),
          destructiveHint: z.boolean(),
          idempotentHint: z.boolean(),
          openWorldHint: z.boolean(),
        }),
      }),
    ),
  }),
  completion: z
    .union([z.object({ commands: z.array(completed) }), z.object({ names: z.array(z.string()) })])
    .openapi({ description: "The second form is that of --names." }),
  "test-app": z.object({
    name: z.string(),
    nesting: z.int().openapi({ description: "How many tests it is inside of." }),
    file: z.string().optional(),
    passed: z.boolean(),
    skipped: z.boolean(),
    ms: milliseconds,
    error: z.string().optional(),
  }),
  test: z
    .union([
      z.object({
        passed: z.int(),
        failed: z.int(),
        skipped: z.int(),
        times: z
          .array(z.object({ file: z.string(), ms: milliseconds, cpuMs: milliseconds.optional() }))
          .openapi({ description: "The slowest first." }),
      }),
      z.object({ suite: z.string(), passed: z.boolean(), detail: z.string(), log: z.string() }).openapi({ description: "With --fresh." }),
    ])
    .openapi({ description: "On the last line." }),
  check: z.object({ failed: z.array(z.string()).openapi({ description: "Names of the checks that fail." }) }),
};
