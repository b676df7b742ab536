/**
 * A pipe for what a program prints. What Node makes for a program's output is a socket, and a program that opens /dev/stdout or /proc/self/fd/1 gets ENXIO if
 * that is one.
 */
import fs from "node:fs";
import { Socket } from "node:net";
import { nativeCall } from "../resume/native.ts";

export interface OutputPipe {
  readonly out: Socket;
  /** The program's end, for an entry of `stdio`. */
  readonly fd: number;
  /** Called when the program has been started, or could not be. */
  handedOver(): void;
  /** Everything that is in the pipe now and was not read yet. */
  rest(): Buffer;
}

const O_CLOEXEC = 0o2000000;
const CHUNK = 65_536;
const { closeSync, readSync } = fs;

/** Undefined if this machine makes none, as on OSv, where no program runs beside the agent. */
export function openOutputPipe(): OutputPipe | undefined {
  const ends = Buffer.alloc(8);
  if (nativeCall("pipe2")?.(ends, O_CLOEXEC) !== 0) return undefined;
  const [read, fd] = [ends.readInt32LE(0), ends.readInt32LE(4)];
  const out = new Socket({ fd: read, readable: true, writable: false });
  return { out, fd, handedOver: () => closeSync(fd), rest: () => (out.destroyed ? Buffer.alloc(0) : drain(read)) };
}

/** The descriptor does not block, because a Socket reads it as well. */
function drain(fd: number): Buffer {
  const chunks: Buffer[] = [];
  for (;;) {
    const chunk = Buffer.allocUnsafe(CHUNK);
    const length = readOrNone(fd, chunk);
    if (length === 0) return Buffer.concat(chunks);
    chunks.push(chunk.subarray(0, length));
  }
}

function readOrNone(fd: number, chunk: Buffer): number {
  try {
    return readSync(fd, chunk);
  } catch {
    return 0; // EAGAIN: a process that the program started has the pipe open, and has printed nothing more
  }
}
