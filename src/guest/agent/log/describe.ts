/** Values as text for the log. */
import { formatWithOptions, inspect } from "node:util";

const options = { colors: false, depth: 4, maxArrayLength: 100, maxStringLength: 10_000, breakLength: 120 } as const;

/** An error with its stack, cause and own properties; anything else as console.log shows it. Never throws. */
export function describe(value: unknown): string {
  try {
    return typeof value === "string" ? value : inspect(value, options);
  } catch {
    // A getter or a proxy of the user's threw, so the value cannot be shown.
    return "[a value that can't be printed]";
  }
}

/** Joins values as console.log joins its arguments. Never throws. */
export function describeAll(values: unknown[]): string {
  if (values.length === 1 && typeof values[0] === "string") return values[0];
  try {
    return formatWithOptions(options, ...values);
  } catch {
    // A getter or a proxy of the user's threw, so each value is shown on its own.
    return values.map((value) => describe(value)).join(" ");
  }
}
