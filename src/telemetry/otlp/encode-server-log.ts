/** Lines of the server's own log as OTLP has them. */
import { attributesOf, type AttributeValue, nanoseconds, resourceOf, SCOPE, type Teller } from "./otlp-json.ts";

/** A line as the server's log writes it. What else is in it is its attributes. */
interface ServerLine extends Record<string, unknown> {
  /** Pino's. */
  level: number;
  /** Milliseconds since the epoch. */
  time: number;
  msg?: unknown;
  err?: unknown;
}

/** Of each text, at most. */
const MOST_CHARACTERS = 16_384;
const MOST_ATTRIBUTES = 64;

/** By pino's numbers, from below: OpenTelemetry's number, and its name. */
const severities = [
  [60, 21, "FATAL"],
  [50, 17, "ERROR"],
  [40, 13, "WARN"],
  [30, 9, "INFO"],
  [0, 5, "DEBUG"],
] as const;

/** The body of a request to /v1/logs. @param lines as they are in the log */
export function serverLogRequest(lines: readonly string[], teller: Teller): object {
  const logRecords = lines.map((line) => recordOf(JSON.parse(line) as ServerLine));
  return { resourceLogs: [{ resource: resourceOf(teller), scopeLogs: [{ scope: { name: SCOPE, version: teller.version }, logRecords }] }] };
}

function recordOf({ level, time, msg = "", err, ...rest }: ServerLine): object {
  const [, severityNumber, severityText] = severities.find(([least]) => level >= least) ?? severities.at(-1)!;
  const attributes = Object.entries(rest).slice(0, MOST_ATTRIBUTES);
  return {
    timeUnixNano: nanoseconds(time),
    observedTimeUnixNano: nanoseconds(time),
    severityNumber,
    severityText,
    body: { stringValue: cut(String(msg)) },
    attributes: attributesOf({ ...Object.fromEntries(attributes.map(([name, value]) => [name, valueOf(value)])), ...exceptionOf(err) }),
  };
}

/** As OpenTelemetry's conventions name what an error tells. */
function exceptionOf(error: unknown): Record<string, AttributeValue | undefined> {
  if (typeof error !== "object" || error === null) return {};
  const { type, message, stack } = error as Record<string, unknown>;
  return { "exception.type": valueOf(type), "exception.message": valueOf(message), "exception.stacktrace": valueOf(stack) };
}

function valueOf(value: unknown): AttributeValue | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "number" || typeof value === "boolean") return value;
  return cut(typeof value === "string" ? value : JSON.stringify(value));
}

function cut(text: string): string {
  return text.slice(0, MOST_CHARACTERS).toWellFormed();
}
