/** Checks that a payload is JSON, as AWS Lambda does before it invokes a function, and says in AWS's words where it is not. */
import { AwsError } from "../../../control/lambda/aws-error.ts";

/** In bytes. A longer payload is left to the function's runtime, so that no caller can hold up the server's event loop by one. */
const CHECKED_BYTES = 1_048_576;
const VALUES = "JSON String, Number, Array, Object or token 'null', 'true' or 'false'";

/** Throws InvalidRequestContentException. An empty payload is none. */
export function refuseOtherThanJson(payload: Buffer): void {
  if (payload.length === 0 || payload.length > CHECKED_BYTES) return;
  try {
    JSON.parse(payload.toString());
  } catch {
    throw new AwsError(
      "InvalidRequestContentException",
      `Could not parse request body into json: Could not parse payload into json: ${whatIsWrong(payload)}`,
    );
  }
}

function whatIsWrong(payload: Buffer): string {
  const text = payload.toString("latin1");
  const at = text.search(/[^ \t\r\n]/);
  const [token = ""] = /^[A-Za-z0-9_$\x80-\xff]*/.exec(text.slice(at)) ?? [];
  if (/^[A-Za-z_$]/.test(token)) return `Unrecognized token '${token}': was expecting (${VALUES})${placeOf(text, at + token.length)}`;
  if (!/^["[{0-9-]/.test(text.slice(at)))
    return `Unexpected character (${named(text.charCodeAt(at))}): expected a valid value (${VALUES})${placeOf(text, at)}`;
  return `Unexpected end-of-input or character within a value${placeOf(text, text.length - 1)}`;
}

function named(code: number): string {
  return code < 32 || (code > 126 && code < 160) ? `(CTRL-CHAR, code ${code})` : `'${String.fromCharCode(code)}' (code ${code})`;
}

function placeOf(text: string, at: number): string {
  const before = text.slice(0, at);
  const line = before.split("\n").length;
  const column = at - (before.lastIndexOf("\n") + 1) + 1;
  return `\n at [Source: REDACTED (\`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION\` disabled); line: ${line}, column: ${column}]`;
}
