/**
 * Speaks QMP, QEMU's control protocol, over a socket that only this process and that QEMU have.
 *
 * 1. Answers come in the order of the commands.
 * 2. Once the socket is closed every command, sent or still to be sent, and every wait rejects.
 * 3. QEMU may be controlled by its guest, so a line has a limit, and invalid input closes the socket.
 */
import type { Socket } from "node:net";
import { guarded } from "../../base/errors/guarded.ts";
import { sendWithDescriptor } from "../../base/libc/libc.ts";

export interface Qmp {
  /** Resolves with QMP's `return`; rejects with the text of its error. May be called before the greeting came. */
  command(execute: string, args?: Record<string, unknown>): Promise<unknown>;
  /** Like command(), and QEMU gets a copy of the descriptor, which is still open here. */
  commandWithDescriptor(execute: string, args: Record<string, unknown>, fd: number): Promise<unknown>;
  /** Resolves with the data of the next event of this name that `accept` takes. */
  event(name: string, accept?: (data: Record<string, unknown>) => boolean): Promise<Record<string, unknown>>;
  close(): void;
}

interface Pending {
  resolve: (value: unknown) => void;
  reject: (error: Error) => void;
}

interface Wait extends Pending {
  name: string;
  accept: (data: Record<string, unknown>) => boolean;
}

interface QmpMessage {
  QMP?: unknown;
  event?: string;
  data?: Record<string, unknown>;
  return?: unknown;
  error?: { desc?: string };
}

const LINE_LIMIT = 1_048_576;

export function openQmp(socket: Socket): Qmp {
  const answers: Pending[] = [];
  let waits: Wait[] = [];
  let text = "";
  let over: Error | undefined;

  socket.setEncoding("utf8");
  const onText = (chunk: string) => {
    text += chunk;
    const lines = text.split("\n");
    text = lines.pop() ?? "";
    if (text.length > LINE_LIMIT) return fail("a line without an end");
    for (const line of lines) if (over === undefined) receive(line);
  };
  const failed = (error: unknown) => fail((error as Error).message);
  socket.on("data", guarded(onText, failed));
  socket.on("error", guarded(failed, failed));
  socket.on(
    "close",
    guarded(() => fail("closed"), failed),
  );

  function receive(line: string): void {
    const message = parse(line);
    if (message === undefined) return fail("not JSON");
    if (message.QMP !== undefined) return;
    if (message.event !== undefined) return receiveEvent(message.event, message.data ?? {});
    const answer = answers.shift();
    if (message.error === undefined) answer?.resolve(message.return);
    else answer?.reject(new Error(`QMP: ${message.error.desc ?? "unknown error"}`));
  }

  function receiveEvent(name: string, data: Record<string, unknown>): void {
    const due = waits.filter((wait) => wait.name === name && wait.accept(data));
    waits = waits.filter((wait) => !due.includes(wait));
    for (const wait of due) wait.resolve(data);
  }

  function fail(why: string): void {
    if (over !== undefined) return;
    over = new Error(`the monitor's connection is over: ${why}`);
    socket.destroy();
    for (const pending of [...answers.splice(0), ...waits.splice(0)]) pending.reject(over);
  }

  function pend<T>(add: (pending: Pending) => void): Promise<T> {
    if (over !== undefined) return Promise.reject(over);
    return new Promise<T>((resolve, reject) => add({ resolve: resolve as (value: unknown) => void, reject }));
  }

  const qmp: Qmp = {
    command(execute, args) {
      return pend((pending) => {
        answers.push(pending);
        socket.write(JSON.stringify(args === undefined ? { execute } : { execute, arguments: args }) + "\n");
      });
    },
    async commandWithDescriptor(execute, args, fd) {
      // The bytes must not overtake those of earlier commands.
      if (socket.writableLength > 0) await new Promise((resolve) => socket.write("", resolve));
      return pend((pending) => {
        sendWithDescriptor(descriptorOf(socket), Buffer.from(JSON.stringify({ execute, arguments: args }) + "\n"), fd);
        answers.push(pending);
      });
    },
    event(name, accept = () => true) {
      return pend((pending) => waits.push({ name, accept, ...pending }));
    },
    close: () => fail("we closed it"),
  };
  return qmp;
}

/** Node has no public name for it. */
function descriptorOf(socket: Socket): number {
  const { fd } = (socket as unknown as { _handle?: { fd: number } })._handle ?? { fd: -1 };
  return fd;
}

function parse(line: string): QmpMessage | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
