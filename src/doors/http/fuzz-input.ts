/** What the clients of the fuzz test send: conversations of valid requests, and ways to break them. The seed determines everything. */
import type { Random } from "../../base/testing/random.ts";

export interface Conversation {
  bytes: Buffer;
  /** The expected bodies of the replies, in order: the text of the test's function, or an error's code. */
  expected: string[];
}

/** @param client the client's number, which each of its requests carries */
export function soundConversation(client: number, random: Random): Conversation {
  const requests = Array.from({ length: 1 + random.below(6) }, (_, at) => soundRequest(`${client}.${at}`, random));
  return { bytes: Buffer.concat(requests.map(({ bytes }) => bytes)), expected: requests.map(({ expected }) => expected) };
}

function soundRequest(tag: string, random: Random): { bytes: Buffer; expected: string } {
  const more = random.chance(0.3) ? `x-more: ${"y".repeat(random.below(3_000))}\r\n` : "";
  const head = (method: string, path: string, framing: string) => `${method} ${path} HTTP/1.1\r\nHost: h.test\r\n${more}${framing}\r\n`;
  const body = "b".repeat(random.below(3_000));
  switch (random.below(6)) {
    case 0:
      return {
        bytes: Buffer.from(head("POST", `/app/hello/${tag}`, `Content-Length: ${body.length}\r\n`) + body),
        expected: `${tag}:${body.length}`,
      };
    case 1:
      return {
        bytes: Buffer.from(head("PUT", `/app/hello/${tag}`, "Transfer-Encoding: chunked\r\n") + chunked(body, random)),
        expected: `${tag}:${body.length}`,
      };
    case 2:
      return { bytes: Buffer.from(head("GET", `/none/${tag}`, "")), expected: "no-such-route" };
    default:
      return { bytes: Buffer.from(head("GET", `/app/hello/${tag}`, "")), expected: `${tag}:0` };
  }
}

function chunked(body: string, random: Random): string {
  let text = "";
  for (let at = 0; at < body.length;) {
    const chunk = body.slice(at, at + 1 + random.below(1_000));
    text += `${chunk.length.toString(16)}${random.chance(0.2) ? ";x=y" : ""}\r\n${chunk}\r\n`;
    at += chunk.length;
  }
  return `${text}0\r\n${random.chance(0.2) ? "trailer: t\r\n" : ""}\r\n`;
}

/** Words that change how a parser behaves. */
const tokens = [
  "\r\n",
  "\n",
  "\r\n\r\n",
  "\0",
  " ",
  ":",
  "Host: other\r\n",
  "Content-Length: 5\r\n",
  "Content-Length: 99999999999\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Transfer-Encoding: gzip, chunked\r\n",
  "Connection: close\r\n",
  "Connection: upgrade\r\nUpgrade: websocket\r\n",
  "Connection: upgrade\r\nUpgrade: h2c\r\n",
  "Expect: 100-continue\r\n",
  "Expect: 200-ok\r\n",
  "HTTP/1.0",
  "HTTP/2.0",
  "CONNECT h:1 HTTP/1.1\r\nHost: h:1\r\n\r\n",
  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  "GET /_mayfly/health HTTP/1.1\r\nHost: h\r\n\r\n",
  "0\r\n\r\n",
  "ffffffff\r\n",
  "\x16\x03\x01",
];

/** Applies one to three of the ways to break bytes. */
export function broken(bytes: Buffer, random: Random): Buffer {
  let result = bytes;
  for (let count = 1 + random.below(3); count > 0; count -= 1) result = mutation(result, random);
  return result;
}

function mutation(bytes: Buffer, random: Random): Buffer {
  const at = random.below(bytes.length + 1);
  const end = Math.min(bytes.length, at + 1 + random.below(60));
  const before = bytes.subarray(0, at);
  switch (random.below(7)) {
    case 0:
      return Buffer.concat([before, Buffer.from([random.below(256)]), bytes.subarray(at + 1)]);
    case 1:
      return Buffer.concat([before, bytes.subarray(end)]);
    case 2:
      return Buffer.concat([before, bytes.subarray(at, end), bytes.subarray(at)]);
    case 3:
      return before;
    case 4:
      return Buffer.concat([before, Buffer.from(Array.from({ length: random.below(300) }, () => random.below(256))), bytes.subarray(at)]);
    case 5:
      return Buffer.concat([atLine(bytes, at), Buffer.from(random.pick(tokens), "latin1"), bytes.subarray(atLine(bytes, at).length)]);
    default:
      return Buffer.concat([before, Buffer.from(random.pick(tokens), "latin1"), bytes.subarray(at)]);
  }
}

/** The bytes up to the beginning of the line, where a header may be inserted. */
function atLine(bytes: Buffer, at: number): Buffer {
  return bytes.subarray(0, bytes.lastIndexOf("\r\n", at) + 2 || 0);
}

export interface Reply {
  status: number;
  body: string;
}

/**
 * Parses the complete replies that a client received. Throws if anything but HTTP was received, except for a last reply that was cut off.
 */
export function repliesIn(text: string): Reply[] {
  const replies: Reply[] = [];
  for (let at = 0; at < text.length;) {
    const [head, status] = /^HTTP\/1\.1 (\d{3}) [^\r\n]*\r\n(?:[!-9;-~]+: [^\r\n]*\r\n)*\r\n/.exec(text.slice(at)) ?? [];
    if (head === undefined || status === undefined) {
      if (/\r\n\r\n/.test(text.slice(at))) throw new Error(`no HTTP: ${text.slice(at, at + 300)}`);
      return replies;
    }
    at += head.length;
    const length = status === "100" ? 0 : Number(/^content-length: (\d+)\r$/im.exec(head)?.[1] ?? Number.NaN);
    if (Number.isNaN(length)) throw new Error(`a reply without a length: ${head}`);
    if (text.length < at + length) return replies;
    if (status !== "100") replies.push({ status: Number(status), body: text.slice(at, at + length) });
    at += length;
  }
  return replies;
}
