/** How a function failed at an event, for the program that sent the event, as the JSON that AWS Lambda's runtimes report. */

/** Never throws, although name, message and stack are the user's and may be anything. */
export function errorDocument(error: unknown): string {
  try {
    return JSON.stringify(error instanceof Error ? ofError(error) : ofAnything(error));
  } catch {
    return JSON.stringify({ errorType: "Error", errorMessage: "the function threw a value that can't be shown", trace: [] });
  }
}

/** The properties as user code may have set them. */
type Shown = Record<"name" | "message" | "stack", unknown>;

function ofError(error: Error): object {
  const { name, message, stack = "" } = error as Shown;
  return { errorType: String(name), errorMessage: String(message), trace: String(stack).split("\n") };
}

function ofAnything(thrown: unknown): object {
  return { errorType: typeof thrown, errorMessage: String(thrown), trace: [] };
}
