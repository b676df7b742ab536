/** Lines of apps' logs as OTLP has them. */
import { LogLevel } from "../../wire/protocol.ts";
import { attributesOf, type Counted, nanoseconds, resourceOf, SCOPE, type Teller } from "./otlp-json.ts";

export interface ExportedLine {
  /** Id. */
  readonly app: string;
  readonly function?: string;
  readonly invocation?: string;
  readonly machine?: string;
  readonly level: LogLevel;
  readonly text: string;
  /** Wall clock, milliseconds since the epoch. */
  readonly at: number;
  /** Of the invocation; absent: it is not known. */
  readonly traceparent?: string | undefined;
}

/** By level: OpenTelemetry's number, and its name. */
const severities: Record<LogLevel, readonly [number: number, text: string]> = {
  [LogLevel.Debug]: [5, "DEBUG"],
  [LogLevel.Info]: [9, "INFO"],
  [LogLevel.Warn]: [13, "WARN"],
  [LogLevel.Error]: [17, "ERROR"],
  [LogLevel.Agent]: [13, "WARN"],
  [LogLevel.Platform]: [13, "WARN"],
};
const SAMPLED = 1;

/** The body of a request to /v1/logs. */
export function logsRequest(
  lines: readonly ExportedLine[],
  teller: Teller,
  labelsOf: (app: string) => { tenant: string; app: string } | undefined,
): Counted {
  let count = 0;
  const resourceLogs = [...Map.groupBy(lines, ({ app }) => app)].flatMap(([app, own]) => {
    const labels = labelsOf(app);
    if (labels === undefined) return [];
    count += own.length;
    const scope = { name: SCOPE, version: teller.version };
    return [{ resource: resourceOf(teller, labels), scopeLogs: [{ scope, logRecords: own.map(recordOf) }] }];
  });
  return { body: { resourceLogs }, count };
}

function recordOf({ function: name, invocation, machine, level, text, at, traceparent = "" }: ExportedLine): object {
  const [severityNumber, severityText] = severities[level];
  const source = level === LogLevel.Platform ? "platform" : level === LogLevel.Agent ? "agent" : "function";
  return {
    timeUnixNano: nanoseconds(at),
    observedTimeUnixNano: nanoseconds(at),
    severityNumber,
    severityText,
    body: { stringValue: text.toWellFormed() },
    attributes: attributesOf({ "faas.name": name, "faas.invocation_id": invocation, "faas.instance": machine, "mayfly.source": source }),
    ...(traceparent !== "" && {
      traceId: traceparent.slice(3, 35),
      spanId: traceparent.slice(36, 52),
      flags: Number.parseInt(traceparent.slice(-2), 16) & SAMPLED,
    }),
  };
}
