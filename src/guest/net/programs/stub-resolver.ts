/**
 * A name server at the machine's loopback, which /etc/resolv.conf names. The host answers its questions.
 *
 * 1. A name that has IPv4 addresses is told to have no others: a program's connections succeed at first in any case, so that it would not try the next
 *    address where the host has no IPv6.
 * 2. Questions for both kinds of addresses of a name, which programs ask at once, are one look-up.
 * 3. No more look-ups are under way than the host allows; further ones fail.
 */
import { createSocket } from "node:dgram";
import type { LookupAddress } from "node:dns";
import { type Socket, createServer } from "node:net";
import { inwardHandle } from "../tcp-handle.ts";
import type { Refusals } from "./refusals.ts";
import { RecordType, ResultCode, answer, failure, parseQuestion } from "./dns-message.ts";

interface StubResolverParts {
  /** Rejects with an error that has the code ENOTFOUND, EACCES or another. */
  lookUp: (name: string) => Promise<LookupAddress[]>;
  refusals: Refusals;
}

const ADDRESS = "127.0.0.1";
const PORT = 53;
const MOST_BYTES_UDP = 512;
const MOST_BYTES = 65_535;
/** Connections over TCP at a time. */
const MOST_CONNECTIONS = 64;
const IDLE_MS = 10_000;
/** Of a message's length, over TCP. */
const LENGTH_BYTES = 2;

type Respond = (message: Buffer, most: number) => Promise<Buffer | undefined>;

export function openStubResolver(parts: StubResolverParts): void {
  const respond = responder(parts);
  const failed = (error: Error) => parts.refusals.tell("look up names", error.message);
  overUdp(respond, failed);
  overTcp(respond, failed);
}

function overUdp(respond: Respond, failed: (error: Error) => void): void {
  // A function may have replaced Node's own look-up.
  const socket = createSocket({ type: "udp4", lookup: (address, _, done) => done(null, address, 4) });
  socket.on("error", failed);
  socket.on("message", (message, { address, port }) => {
    void respond(message, MOST_BYTES_UDP).then((reply) => reply !== undefined && socket.send(reply, port, address));
  });
  socket.bind({ port: PORT, address: ADDRESS, exclusive: true });
  socket.unref();
}

function overTcp(respond: Respond, failed: (error: Error) => void): void {
  const server = createServer((socket) => converse(socket, respond));
  server.maxConnections = MOST_CONNECTIONS;
  server.on("error", failed);
  // It listens by a handle, because for an address net would call dns.lookup.
  try {
    server.listen(inwardHandle(PORT));
  } catch (error) {
    failed(error as Error); // a program listens there
  }
  server.unref();
}

function converse(socket: Socket, respond: Respond): void {
  const conversation = new Conversation(socket, respond);
  socket.setTimeout(IDLE_MS, () => socket.destroy());
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk: Buffer) => conversation.take(chunk));
}

/** Messages over TCP, each of which has its length before it. They are answered one after the other. */
class Conversation {
  readonly #socket: Socket;
  readonly #respond: Respond;
  #waiting = Buffer.alloc(0);
  #isBusy = false;

  constructor(socket: Socket, respond: Respond) {
    this.#socket = socket;
    this.#respond = respond;
  }

  take(chunk: Buffer): void {
    this.#waiting = Buffer.concat([this.#waiting, chunk]);
    this.#next();
  }

  #next(): void {
    const size = this.#waiting.length < LENGTH_BYTES ? Infinity : this.#waiting.readUInt16BE(0);
    if (this.#isBusy || this.#waiting.length < LENGTH_BYTES + size) return;
    this.#isBusy = true;
    const message = this.#waiting.subarray(LENGTH_BYTES, LENGTH_BYTES + size);
    this.#waiting = this.#waiting.subarray(LENGTH_BYTES + size);
    this.#socket.pause();
    void this.#respond(message, MOST_BYTES).then((reply) => this.#answered(reply));
  }

  #answered(reply: Buffer | undefined): void {
    if (reply === undefined) return void this.#socket.destroy();
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt16BE(reply.length);
    this.#socket.write(Buffer.concat([length, reply]));
    this.#isBusy = false;
    this.#socket.resume();
    this.#next();
  }
}

function responder({ lookUp, refusals }: StubResolverParts): Respond {
  const underWay = new Map<string, Promise<LookupAddress[]>>();
  const shared = (name: string) => {
    const found = underWay.get(name) ?? lookUp(name).finally(() => underWay.delete(name));
    underWay.set(name, found);
    return found;
  };
  return async (message, most) => {
    const question = parseQuestion(message);
    if (question === undefined) return undefined;
    const { head } = question;
    if ("code" in question) return failure(head, question.code);
    const { name, type } = question;
    if (type !== RecordType.A && type !== RecordType.AAAA) return failure(head, ResultCode.NotImplemented);
    try {
      return answer(question, wanted(await shared(name), type), most);
    } catch (error) {
      const code = codeOf(error);
      if (code !== ResultCode.NoSuchName) refusals.tell(`look up ${JSON.stringify(name)}`, (error as Error).message);
      return failure(head, code);
    }
  };
}

function wanted(found: LookupAddress[], type: number): string[] {
  const v4 = found.filter(({ family }) => family === 4);
  const those = type === RecordType.A ? v4 : v4.length > 0 ? [] : found;
  return those.map(({ address }) => address);
}

function codeOf(error: unknown): (typeof ResultCode)[keyof typeof ResultCode] {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "ENOTFOUND" || code === "EINVAL") return ResultCode.NoSuchName;
  return code === "EACCES" ? ResultCode.Refused : ResultCode.ServerFailure;
}
