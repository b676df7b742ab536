/** An error that a program reported, as JSON in the form of AWS Lambda's runtimes. Nothing of it is trusted: every field may be anything. */
import type { ProgramEnd } from "../program/program.ts";

export interface ReportedError {
  /** For the log and the caller: type, message and stack; its first line is the summary. */
  text: string;
  /** For the program that sent an event: what the program reported if that is JSON; otherwise a document made of it. */
  document: string;
}

const MOST_FRAMES = 200;
const MOST_CHARACTERS = 2_048;

/** @param type from the header Lambda-Runtime-Function-Error-Type */
export function reportedError(body: string, type: string | string[] | undefined): ReportedError {
  const given = parsed(body);
  const name = shortText(given?.["errorType"]) ?? shortText(type) ?? "Error";
  const message = shortText(given?.["errorMessage"]) ?? (given === null ? body.slice(0, MOST_CHARACTERS) : "");
  const head = message === "" ? name : `${name}: ${message}`;
  const frames = framesOf(given?.["stackTrace"] ?? given?.["trace"]).filter((frame, at) => at > 0 || !frame.startsWith(name));
  const document = given === null ? JSON.stringify({ errorType: name, errorMessage: message, trace: [] }) : body;
  return { text: [head, ...frames].join("\n"), document };
}

/** The connection on which the program posted a response ended before the response did. */
export function cutError(): ReportedError {
  return reportedError("The program closed the connection in the middle of its response", "Runtime.TruncatedResponse");
}

/** What a caller of AWS Lambda's API is told of a program that did not come so far as to ask for an invocation. @param id of the caller's invocation */
export function endDocument(id: string, { ran, code }: Pick<ProgramEnd, "ran" | "code">): string {
  if (!ran)
    return JSON.stringify({
      errorType: "Runtime.InvalidEntrypoint",
      errorMessage: `RequestId: ${id} Error: Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]`,
    });
  const how = code === 0 ? "Runtime exited without providing a reason" : `Runtime exited with error: exit status ${code}`;
  return JSON.stringify({ errorType: "Runtime.ExitError", errorMessage: `RequestId: ${id} Error: ${how}` });
}

/** Null if it is no JSON object. */
function parsed(body: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

function shortText(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value.slice(0, MOST_CHARACTERS) : undefined;
}

function framesOf(trace: unknown): string[] {
  const list: unknown[] = typeof trace === "string" ? trace.split("\n", MOST_FRAMES) : Array.isArray(trace) ? trace : [];
  return list.slice(0, MOST_FRAMES).flatMap((frame) => frameText(frame) ?? []);
}

/** Go's runtime reports { path, line, label }, the others report text. */
function frameText(frame: unknown): string | undefined {
  if (typeof frame === "string") return frame.trimEnd().slice(0, MOST_CHARACTERS);
  if (typeof frame !== "object" || frame === null) return undefined;
  const { path, line, label } = frame as Record<string, unknown>;
  if (typeof path !== "string") return undefined;
  const place = typeof line === "number" ? `${path}:${line}` : path;
  return `    at ${typeof label === "string" ? `${label} (${place})` : place}`.slice(0, MOST_CHARACTERS);
}
