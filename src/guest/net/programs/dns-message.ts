/** The messages of DNS (RFC 1035) as far as a resolver of addresses needs them: questions with one name, answers with addresses. */
import { isIPv4 } from "node:net";

export const RecordType = { A: 1, AAAA: 28 } as const;

export const ResultCode = { Ok: 0, FormatError: 1, ServerFailure: 2, NoSuchName: 3, NotImplemented: 4, Refused: 5 } as const;
type ResultCode = (typeof ResultCode)[keyof typeof ResultCode];

export interface Question {
  /** Without the dot at its end. */
  name: string;
  type: number;
  /** The message up to the end of the question, which an answer begins with. */
  head: Buffer;
}

/** A message that is no question this resolver understands. */
export interface BadQuestion {
  /** What to answer. */
  code: ResultCode;
  /** The message's header, with the question if it has a whole one: clients heed no answer that lacks it. */
  head: Buffer;
}

const HEADER = 12;
const CLASS_INTERNET = 1;
const LONGEST_NAME = 255;
/** In the second byte of flags. */
const RECURSION_AVAILABLE = 0x80;
/** In the first byte of flags. */
const Flag = { response: 0x80, opcode: 0x78, truncated: 0x02, recursionDesired: 0x01 } as const;
/** The name of an answer: that of the question, which is at this place. */
const POINTER_TO_QUESTION = 0xc000 | HEADER;

/** Undefined: it is not to be answered at all. */
export function parseQuestion(message: Buffer): Question | BadQuestion | undefined {
  if (message.length < HEADER || (message[2]! & Flag.response) !== 0) return undefined;
  const header = message.subarray(0, HEADER);
  const notFormed = { code: ResultCode.FormatError, head: header };
  if ((message[2]! & Flag.opcode) !== 0) return { code: ResultCode.NotImplemented, head: header };
  if (message.readUInt16BE(4) !== 1) return notFormed;
  const labels: string[] = [];
  let at = HEADER;
  for (;;) {
    const length = message[at];
    // A length of 64 or more is a pointer, and nothing comes before the question to which it could point.
    if (length === undefined || length > 63 || at + 1 + length > message.length) return notFormed;
    at += 1 + length;
    if (at - HEADER > LONGEST_NAME) return notFormed;
    if (length === 0) break;
    labels.push(message.toString("latin1", at - length, at));
  }
  if (at + 4 > message.length) return notFormed;
  const head = message.subarray(0, at + 4);
  if (message.readUInt16BE(at + 2) !== CLASS_INTERNET) return { code: ResultCode.NotImplemented, head };
  // A dot inside a label would look like one between two, and no host's name has other characters than these.
  if (labels.length === 0 || !labels.every((label) => /^[!-\-/-~]+$/.test(label))) return { code: ResultCode.NoSuchName, head };
  return { name: labels.join("."), type: message.readUInt16BE(at), head };
}

/** @param most bytes; if not all addresses fit in, the message says that it is cut, and the question is asked again over TCP */
export function answer({ head, type }: Question, addresses: string[], most: number): Buffer {
  const records = addresses.map((address) => record(type, address));
  const size = records[0]?.length ?? 1;
  const fitting = records.slice(0, Math.floor((most - head.length) / size));
  const message = Buffer.concat([head, ...fitting]);
  mark(message, ResultCode.Ok, 1, fitting.length);
  if (fitting.length < records.length) message[2]! |= Flag.truncated;
  return message;
}

/** An answer that says only why there is none. @param head a header, alone or with the question */
export function failure(head: Buffer, code: ResultCode): Buffer {
  const reply = Buffer.from(head);
  mark(reply, code, head.length > HEADER ? 1 : 0, 0);
  return reply;
}

function mark(message: Buffer, code: ResultCode, questions: number, answers: number): void {
  message[2] = Flag.response | (message[2]! & (Flag.opcode | Flag.recursionDesired));
  message[3] = RECURSION_AVAILABLE | code;
  for (const [at, count] of [questions, answers, 0, 0].entries()) message.writeUInt16BE(count, 4 + 2 * at);
}

/** May not be kept by who gets it: the host looks up anew each time, and a name server near by keeps what may be kept. */
function record(type: number, address: string): Buffer {
  const bytes = type === RecordType.A ? Buffer.from(address.split(".").map(Number)) : bytesOfV6(address);
  const start = Buffer.alloc(12);
  start.writeUInt16BE(POINTER_TO_QUESTION, 0);
  start.writeUInt16BE(type, 2);
  start.writeUInt16BE(CLASS_INTERNET, 4);
  start.writeUInt16BE(bytes.length, 10);
  return Buffer.concat([start, bytes]);
}

function bytesOfV6(address: string): Buffer {
  const [front = [], back] = address.split("::").map(groupsOf);
  const given = [...front, ...(back ?? [])];
  const zeros = Array.from({ length: back === undefined ? 0 : 8 - given.length }, () => 0);
  return Buffer.from([...front, ...zeros, ...(back ?? [])].flatMap((group) => [group >> 8, group & 0xff]));
}

/** The last part may be an IPv4 address, which is two groups. */
function groupsOf(text: string): number[] {
  return text
    .split(":")
    .filter((part) => part !== "")
    .flatMap((part) => {
      if (!isIPv4(part)) return [Number.parseInt(part, 16)];
      const [a, b, c, d] = part.split(".").map(Number) as [number, number, number, number];
      return [(a << 8) | b, (c << 8) | d];
    });
}
