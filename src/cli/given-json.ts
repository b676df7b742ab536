import { readFileSync } from "node:fs";
import { MayflyError } from "../base/errors/error.ts";

/** The JSON of an option: its text, or with `@file` that of a file and with `@-` that of standard input, as `mayfly invoke` has it. Throws "not-done" if it is none. @param option as the user writes it */
export function givenJson(option: string, given: string): unknown {
  const text = given.startsWith("@") ? textOf(option, given.slice(1)) : given;
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new MayflyError("not-done", { what: `${option} is no JSON: ${(error as Error).message}` });
  }
}

function textOf(option: string, file: string): string {
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (error) {
    throw new MayflyError("not-done", { what: `${option} cannot be read: ${(error as Error).message}` });
  }
}
