/**
 * Brings everything that user code prints into the log, under the invocation that printed it: console, process.stdout and stderr, and
 * writes to their descriptors (which pino makes).
 */
import { Console } from "node:console";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { Writable } from "node:stream";
import { type GuestLogLevel, LogLevel } from "../../../wire/protocol.ts";
import { captureChildOutput } from "./child-output.ts";
import { describeAll } from "./describe.ts";
import { type Print, lineCutter } from "./lines.ts";
import type { Log } from "./log.ts";
import { current } from "../invocation/invocation.ts";

export function captureOutput(log: Log): void {
  const print: Print = (level, text, partial) => log.write(current.getStore() ?? null, level, text, partial);
  const cutOut = lineCutter(LogLevel.Info, print);
  const cutError = lineCutter(LogLevel.Error, print);
  captureConsole(asStream(1, whole(LogLevel.Info, print)), asStream(2, whole(LogLevel.Error, print)), print);
  const out = asStream(1, cutOut);
  const error = asStream(2, cutError);
  Object.defineProperty(process, "stdout", { value: out, configurable: true, enumerable: true });
  Object.defineProperty(process, "stderr", { value: error, configurable: true, enumerable: true });
  captureChildOutput(print);
  captureDescriptors((fd, bytes) => (fd === 1 ? cutOut : cutError)(bytes));
  captureWarnings(print);
}

function captureConsole(out: Writable, error: Writable, print: Print): void {
  // Tables, counters and timers are Node's own. The methods that are called often write straight to the log.
  Object.assign(console, new Console({ stdout: out, stderr: error, colorMode: false }), {
    log: (...values: unknown[]) => print(LogLevel.Info, describeAll(values)),
    info: (...values: unknown[]) => print(LogLevel.Info, describeAll(values)),
    debug: (...values: unknown[]) => print(LogLevel.Debug, describeAll(values)),
    warn: (...values: unknown[]) => print(LogLevel.Warn, describeAll(values)),
    error: (...values: unknown[]) => print(LogLevel.Error, describeAll(values)),
    // Node's own group() would indent the lines of all other invocations as well.
    group: (...values: unknown[]) => values.length > 0 && print(LogLevel.Info, describeAll(values)),
    groupCollapsed: (...values: unknown[]) => values.length > 0 && print(LogLevel.Info, describeAll(values)),
    groupEnd: () => {},
  });
}

function asStream(fd: number, take: (chunk: string | Buffer, encoding: BufferEncoding) => void): Writable {
  const stream = new Writable({
    decodeStrings: false,
    write(chunk: string | Buffer, encoding, done) {
      take(chunk, encoding);
      done();
    },
  });
  return Object.assign(stream, { fd, isTTY: false });
}

/** Makes one entry of the log for each write, so that a table stays together. */
function whole(level: GuestLogLevel, print: Print): (chunk: string | Buffer) => void {
  return (chunk) => print(level, withoutNewline(chunk.toString()));
}

/** Captures what fs writes to descriptors 1 and 2: by write and writev, which its streams use as well, and by whole files. */
function captureDescriptors(print: (fd: number, bytes: Buffer) => void): void {
  const { write, writeSync, writev, writevSync } = fs;
  const take = (fd: number, data: unknown, from?: unknown, length?: unknown): number => {
    const bytes = typeof data === "string" ? Buffer.from(data) : viewOf(data as NodeJS.ArrayBufferView, from, length);
    print(fd, bytes);
    return bytes.length;
  };
  for (const name of ["writeFileSync", "appendFileSync"] as const) {
    const original = fs[name];
    fs[name] = (file: fs.PathOrFileDescriptor, data: string | NodeJS.ArrayBufferView, options?: fs.WriteFileOptions) => {
      if (file === 1 || file === 2) take(file, data);
      else original(file, data as string, options);
    };
  }
  fs.writeSync = ((fd: number, data: never, from?: never, length?: never) =>
    fd === 1 || fd === 2 ? take(fd, data, from, length) : writeSync(fd, data, from, length)) as typeof fs.writeSync;
  fs.write = ((fd: number, data: unknown, ...rest: unknown[]) => {
    if (fd !== 1 && fd !== 2) return Reflect.apply(write, fs, [fd, data, ...rest]);
    const done = rest.at(-1) as (error: null, written: number, data: unknown) => void;
    return setImmediate(done, null, take(fd, data, rest[0], rest[1]), data);
  }) as typeof fs.write;
  const takeAll = (fd: number, parts: readonly NodeJS.ArrayBufferView[]): number => {
    return take(fd, Buffer.concat(parts.map((part) => viewOf(part, undefined, undefined))));
  };
  fs.writevSync = (fd, parts, ...rest) => (fd === 1 || fd === 2 ? takeAll(fd, parts) : writevSync(fd, parts, ...rest));
  fs.writev = ((fd: number, parts: NodeJS.ArrayBufferView[], ...rest: unknown[]) => {
    if (fd !== 1 && fd !== 2) return Reflect.apply(writev, fs, [fd, parts, ...rest]);
    const done = rest.at(-1) as (error: null, written: number, parts: unknown) => void;
    return setImmediate(done, null, takeAll(fd, parts), parts);
  }) as typeof fs.writev;
  syncBuiltinESMExports();
}

/** Node prints process warnings by itself. Warnings about the experimental parts of Node that the agent uses do not concern the app. */
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
