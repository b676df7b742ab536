/**
 * Brings all that user code prints into the log, under the invocation that printed it: console, process.stdout and stderr, and
 * writes to their descriptors (as pino does them).
 */
import { Console } from "node:console";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { Writable } from "node:stream";
import { LogLevel } from "../../wire/protocol.ts";
import { current } from "../invocation/current.ts";
import { describeAll } from "./describe.ts";
import type { Log } from "./log.ts";

type Print = (level: LogLevel, text: string) => void;

export function captureOutput(log: Log): void {
  const print: Print = (level, text) => log.write(current.getStore() ?? null, level, text);
  const out = asStream(LogLevel.Info, 1, print);
  const error = asStream(LogLevel.Error, 2, print);
  captureConsole(out, error, print);
  Object.defineProperty(process, "stdout", { value: out, configurable: true, enumerable: true });
  Object.defineProperty(process, "stderr", { value: error, configurable: true, enumerable: true });
  captureDescriptors(print);
  captureWarnings(print);
}

function captureConsole(out: Writable, error: Writable, print: Print): void {
  // Tables, counters and timers are Node's own; what is called often goes straight to the log.
  Object.assign(console, new Console({ stdout: out, stderr: error, colorMode: false }), {
    log: (...values: unknown[]) => print(LogLevel.Info, describeAll(values)),
    info: (...values: unknown[]) => print(LogLevel.Info, describeAll(values)),
    debug: (...values: unknown[]) => print(LogLevel.Debug, describeAll(values)),
    warn: (...values: unknown[]) => print(LogLevel.Warn, describeAll(values)),
    error: (...values: unknown[]) => print(LogLevel.Error, describeAll(values)),
    // Node's would indent the lines of every other invocation as well.
    group: (...values: unknown[]) => values.length > 0 && print(LogLevel.Info, describeAll(values)),
    groupCollapsed: (...values: unknown[]) => values.length > 0 && print(LogLevel.Info, describeAll(values)),
    groupEnd: () => {},
  });
}

function asStream(level: LogLevel, fd: number, print: Print): Writable {
  const stream = new Writable({
    decodeStrings: false,
    write(chunk: string | Buffer, _encoding, done) {
      print(level, withoutNewline(chunk.toString()));
      done();
    },
  });
  return Object.assign(stream, { fd, isTTY: false });
}

/** fs.write and fs.writeSync to descriptors 1 and 2. */
function captureDescriptors(print: Print): void {
  const { write, writeSync } = fs;
  const take = (fd: unknown, data: unknown, from: unknown, length: unknown): number => {
    const bytes = typeof data === "string" ? Buffer.from(data) : viewOf(data as NodeJS.ArrayBufferView, from, length);
    print(fd === 1 ? LogLevel.Info : LogLevel.Error, withoutNewline(bytes.toString()));
    return bytes.length;
  };
  fs.writeSync = ((fd: number, data: never, from?: never, length?: never) =>
    fd === 1 || fd === 2 ? take(fd, data, from, length) : writeSync(fd, data, from, length)) as typeof fs.writeSync;
  fs.write = ((fd: number, data: unknown, ...rest: unknown[]) => {
    if (fd !== 1 && fd !== 2) return Reflect.apply(write, fs, [fd, data, ...rest]);
    const done = rest.at(-1) as (error: null, written: number, data: unknown) => void;
    return setImmediate(done, null, take(fd, data, rest[0], rest[1]), data);
  }) as typeof fs.write;
  syncBuiltinESMExports();
}

/** Node prints process warnings by itself; that this agent uses experimental parts of Node is not the app's concern. */
function captureWarnings(print: Print): void {
  process.removeAllListeners("warning");
  process.on("warning", (warning) => {
    if (warning.name !== "ExperimentalWarning") print(LogLevel.Warn, `${warning.name}: ${warning.message}`);
  });
}

function viewOf(data: NodeJS.ArrayBufferView, from: unknown, length: unknown): Buffer {
  const whole = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const start = typeof from === "number" ? from : 0;
  return whole.subarray(start, typeof length === "number" ? start + length : undefined);
}

function withoutNewline(text: string): string {
  return text.endsWith("\n") ? text.slice(0, -1) : text;
}
