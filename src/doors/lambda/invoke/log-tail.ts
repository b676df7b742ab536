/** The end of an invocation's log, as AWS Lambda shows it: START, what the function printed, END, and REPORT with what the invocation took. */
import { LogLevel } from "../../../wire/protocol.ts";

/** Of the tail, in bytes. */
const TAIL_BYTES = 4_096;
/** Lines of an invocation that prints a lot are dropped from the front when they have more characters than this. */
const KEPT_CHARACTERS = 4 * TAIL_BYTES;

export interface LogFacts {
  id: string;
  version: string;
  /** AWS's name of the runtime. */
  runtime: string;
  memoryMb: number;
  /** Of LoggingConfig: "Text" or "JSON". */
  format: string;
}

export interface LogReport {
  /** Milliseconds. */
  durationMs: number;
  /** Milliseconds that the invocation waited for a machine's start; 0 if there was one. */
  initMs: number;
  usedMb: number;
  /** Absent if it went well. */
  failed?: { status: "timeout" | "error"; errorType: string };
}

const levels: Partial<Record<LogLevel, string>> = {
  [LogLevel.Debug]: "DEBUG",
  [LogLevel.Info]: "INFO",
  [LogLevel.Warn]: "WARN",
  [LogLevel.Error]: "ERROR",
};

export class LogTail {
  readonly #facts: LogFacts;
  readonly #now: () => number;
  #lines: string[] = [];
  #characters = 0;

  /** @param now milliseconds since the epoch */
  constructor(facts: LogFacts, now: () => number) {
    this.#facts = facts;
    this.#now = now;
    const { id, version } = facts;
    this.#platform("platform.start", `START RequestId: ${id} Version: ${version}\n`, { requestId: id, version });
  }

  /** What the agent and the host say of the invocation is in Mayfly's own log. */
  line(level: LogLevel, text: string): void {
    const name = levels[level];
    if (name === undefined) return;
    const { id, runtime, format } = this.#facts;
    if (format === "JSON") return this.#add(`${JSON.stringify({ timestamp: this.#iso(), level: name, message: text, requestId: id })}\n`);
    // AWS's Node.js runtime writes more than the text; the others print it as it is.
    this.#add(runtime.startsWith("nodejs") ? `${this.#iso()}\t${id}\t${name}\t${text}\n` : `${text}\n`);
  }

  /** Returns the tail in base64. */
  end({ durationMs, initMs, usedMb, failed }: LogReport): string {
    const { id, memoryMb, format } = this.#facts;
    const billed = Math.max(1, Math.ceil(durationMs));
    if (failed?.status === "timeout" && format !== "JSON")
      this.#add(`${this.#iso()} ${id} Task timed out after ${(durationMs / 1_000).toFixed(2)} seconds\n\n`);
    if (format !== "JSON") this.#add(`END RequestId: ${id}\n`);
    const init = initMs > 0 ? `Init Duration: ${initMs.toFixed(2)} ms\t` : "";
    const status =
      failed === undefined ? "" : `Status: ${failed.status}${failed.status === "error" ? `\tError Type: ${failed.errorType}` : ""}`;
    const text = `REPORT RequestId: ${id}\tDuration: ${durationMs.toFixed(2)} ms\tBilled Duration: ${billed} ms\tMemory Size: ${memoryMb} MB\tMax Memory Used: ${usedMb} MB\t${init}${status}\n`;
    const metrics = {
      durationMs: Number(durationMs.toFixed(3)),
      billedDurationMs: billed,
      memorySizeMB: memoryMb,
      maxMemoryUsedMB: usedMb,
    };
    this.#platform("platform.report", text, {
      requestId: id,
      metrics: { ...metrics, ...(initMs > 0 && { initDurationMs: Number(initMs.toFixed(3)) }) },
      status: failed?.status ?? "success",
      ...(failed?.status === "error" && { errorType: failed.errorType }),
    });
    const bytes = Buffer.from(this.#lines.join(""));
    return bytes.subarray(startOf(bytes, TAIL_BYTES)).toString("base64");
  }

  #platform(type: string, text: string, record: object): void {
    this.#add(this.#facts.format === "JSON" ? `${JSON.stringify({ time: this.#iso(), type, record })}\n` : text);
  }

  #add(line: string): void {
    const text = line.length > KEPT_CHARACTERS ? line.slice(-KEPT_CHARACTERS) : line;
    this.#lines.push(text);
    this.#characters += text.length;
    while (this.#characters > 2 * KEPT_CHARACTERS) this.#characters -= this.#lines.shift()!.length;
  }

  #iso(): string {
    return new Date(this.#now()).toISOString();
  }
}

/** Where the last `most` bytes begin, without a part of a character in UTF-8. */
function startOf(bytes: Buffer, most: number): number {
  let at = Math.max(0, bytes.length - most);
  while (at < bytes.length && (bytes[at]! & 0xc0) === 0x80) at += 1;
  return at;
}
