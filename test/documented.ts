/** Holds what commands print with --json against the schemas in docs/schemas/, as a reader of those would. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";

const folder = join(import.meta.dirname, "../docs/schemas");
const ajv = new Ajv2020({ validateFormats: false, allErrors: true });
const compiled = new Map<string, ValidateFunction>();
/** So begins the title of a schema that is of each line. */
const OF_A_LINE = "A line of ";

/** The command that the arguments name, by its words; undefined if it is none that has a schema. */
export function commandOf(args: readonly string[]): string | undefined {
  const [first = "", second = ""] = args;
  const names = [`${first} ${second}`, first, ...(first === "sql" ? ["sql run"] : [])];
  return names.find((name) => existsSync(fileOf(name)));
}

/** @param name of the command, or `error` */
export function assertDocumented(name: string, text: string): void {
  const validate = schemaOf(name);
  const { title } = validate.schema as { title: string };
  const printed = title.startsWith(OF_A_LINE) ? text.split("\n").filter((line) => line !== "") : [text];
  for (const document of printed) {
    // The assertion's message quotes what was printed, of which some is a secret that a test made.
    assert.ok(
      validate(JSON.parse(document)),
      `${name} --json is not as docs/schemas/ says: ${ajv.errorsText(validate.errors)}\n${document}`,
    );
  }
}

/** What a command printed that was run with --json. Does nothing for others. */
export function assertOutcomeDocumented(
  args: readonly string[],
  { code, stdout, stderr }: { code: number | null; stdout: string; stderr: string },
): void {
  const name = commandOf(args);
  if (name === undefined || !args.includes("--json") || args.includes("--help")) return;
  // Those print other things before it.
  const isLastLine = name === "test" || name === "check";
  if (stdout !== "" && code !== null) assertDocumented(name, isLastLine ? stdout.trimEnd().split("\n").at(-1)! : stdout);
  for (const line of stderr.split("\n")) if (line.startsWith('{"error"')) assertDocumented("error", line);
}

function schemaOf(name: string): ValidateFunction {
  const known = compiled.get(name);
  if (known !== undefined) return known;
  const made = ajv.compile(JSON.parse(readFileSync(fileOf(name), "utf8")) as object);
  compiled.set(name, made);
  return made;
}

function fileOf(name: string): string {
  return join(folder, `${name.replaceAll(" ", "-")}.json`);
}
