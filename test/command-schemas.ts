/**
 * The JSON Schemas in docs/schemas/, made from the table of what commands print (src/cli/outputs/outputs.ts), and the list of them in docs/json.md. Run by
 * itself, it writes both; test/json.test.ts compares them.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { zodToOpenAPIRegistry } from "@asteasolutions/zod-to-openapi";
import { z } from "zod";
import { errorSchema } from "../src/doors/admin/schemas.ts";
import { linesOf, type OutputName, outputs } from "../src/cli/outputs/outputs.ts";

const docs = join(import.meta.dirname, "../docs");
export const schemasFolder = join(docs, "schemas");
export const pageFile = join(docs, "json.md");

/** By the words of the command; `error` is what every command prints when it fails. */
export function commandSchemas(): Map<string, object> {
  const all = new Map<string, object>();
  for (const [name, schema] of Object.entries(outputs)) {
    const of = linesOf.has(name as OutputName) ? `A line of \`mayfly ${name} --json\`` : `What \`mayfly ${name} --json\` prints`;
    all.set(name, jsonSchemaOf(schema, of));
  }
  all.set("error", jsonSchemaOf(errorSchema, "What every command prints to standard error with --json when it fails"));
  return all;
}

/** "queue list" → "queue-list.json" */
export function fileOf(name: string): string {
  return `${name.replaceAll(" ", "-")}.json`;
}

/** As the file has it. */
export function schemaText(schema: object): string {
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}

/** The page with its list as it must be. */
export function pageWithList(page: string): string {
  const [head] = page.split("| command | schema |");
  const rows = [...commandSchemas().keys()].map((name) => {
    const shown = name === "error" ? "every command that fails" : `\`${name}\`${linesOf.has(name as OutputName) ? ", each line" : ""}`;
    return `| ${shown} | [${fileOf(name)}](schemas/${fileOf(name)}) |`;
  });
  return `${head}| command | schema |\n| --- | --- |\n${rows.join("\n")}\n`;
}

/** Objects have no keys but those that are named, because what commands print is all described. */
function jsonSchemaOf(schema: z.ZodType, title: string): object {
  const { $schema, ...made } = z.toJSONSchema(schema, {
    unrepresentable: "any",
    override({ zodSchema, jsonSchema }) {
      const description = descriptionOf(zodSchema as unknown as z.ZodType);
      if (description !== undefined) jsonSchema.description ??= description;
      // A format says in a word what the pattern says in many.
      if (jsonSchema.format !== undefined) delete jsonSchema.pattern;
      // zod gives every whole number the bounds of JavaScript's, which say nothing to a reader.
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  });
  return { $schema, title, ...made };
}

function descriptionOf(schema: z.ZodType): string | undefined {
  const { metadata } = (zodToOpenAPIRegistry.get(schema) ?? {}) as { metadata?: { description?: string } };
  return metadata?.description;
}

if (import.meta.main) {
  mkdirSync(schemasFolder, { recursive: true });
  for (const old of readdirSync(schemasFolder)) rmSync(join(schemasFolder, old));
  for (const [name, schema] of commandSchemas()) writeFileSync(join(schemasFolder, fileOf(name)), schemaText(schema));
  writeFileSync(pageFile, pageWithList(readFileSync(pageFile, "utf8")));
}
