/** How a function failed at an event, for the program that sent the event, as the JSON that AWS Lambda's runtimes report. */
import { types } from "node:util";

/** Never throws, although name, message and stack are the user's and may be anything. @param readable makes a stack one of the user's sources */
export function errorDocument(error: unknown, readable: (stack: string) => string): string {
  try {
    return JSON.stringify(isError(error) ? ofError(error, readable) : ofAnything(error));
  } catch {
    return JSON.stringify({ errorType: "Error", errorMessage: "the function threw a value that can't be shown", trace: [] });
  }
}

/** The properties as user code may have set them. */
type Shown = Record<"name" | "message" | "stack", unknown>;

/** An error of another context, such as one that node:vm made, is no instance of this one's class. */
function isError(value: unknown): value is Error {
  return value instanceof Error || types.isNativeError(value);
}

function ofError(error: Error, readable: (stack: string) => string): object {
  const { name, message, stack = "" } = error as Shown;
  return { errorType: String(name), errorMessage: String(message), trace: readable(String(stack)).split("\n") };
}

function ofAnything(thrown: unknown): object {
  return { errorType: typeof thrown, errorMessage: String(thrown), trace: [] };
}
