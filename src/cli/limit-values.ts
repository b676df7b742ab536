/** Parsers of limits that people type. */
import { InvalidArgumentError } from "commander";

/** The value as typed: commander turns null into an empty text. */
export type TypedLimit = number | "none";

export function parseLimit(text: string): TypedLimit {
  if (text === "none") return text;
  const value = Number(text);
  if (/^(\d+\.?\d*|\.\d+)$/.test(text) && value > 0) return value;
  throw new InvalidArgumentError("It must be a number above 0, or none.");
}

export function parseWholeLimit(text: string): TypedLimit {
  if (text !== "none" && !/^[1-9]\d{0,14}$/.test(text)) throw new InvalidArgumentError("It must be a whole number above 0, or none.");
  return text === "none" ? text : Number(text);
}
