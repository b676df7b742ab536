/**
 * Callers that send the same request again and again over keep-alive connections. They speak HTTP by hand, because they share a process with the server that
 * they call: node:http's client would take more time than the server.
 */
import { once } from "node:events";
import { connect, type Socket } from "node:net";

export interface RawReply {
  status: number;
  body: string;
}

/** Calls until `next` returns undefined. @param next the path of the next call @param replied called with each reply, in the order of the connection's calls */
export async function callRaw(
  url: string,
  next: () => string | undefined,
  replied: (reply: RawReply) => void,
  { host = new URL(url).hostname, headers = "" } = {},
): Promise<void> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) }).setNoDelay();
  await once(socket, "connect");
  const replies = repliesOf(socket);
  for (let path = next(); path !== undefined; path = next()) {
    socket.write(`GET ${path} HTTP/1.1\r\nhost: ${host}\r\n${headers}\r\n`);
    replied(await replies());
  }
  socket.destroy();
}

/** Each reply must have a content-length, as small replies of the gateway have. */
function repliesOf(socket: Socket): () => Promise<RawReply> {
  let text = "";
  let wanting: PromiseWithResolvers<RawReply> | undefined;
  const look = () => {
    const headEnd = text.indexOf("\r\n\r\n");
    if (headEnd < 0 || wanting === undefined) return;
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(text.slice(0, headEnd + 2))?.[1] ?? NaN);
    if (Number.isNaN(length)) return wanting.reject(new Error(`a reply without a content-length: ${text.slice(0, headEnd)}`));
    const end = headEnd + 4 + length;
    if (text.length < end) return;
    const reply = { status: Number(text.slice(9, 12)), body: text.slice(headEnd + 4, end) };
    text = text.slice(end);
    wanting.resolve(reply);
    wanting = undefined;
  };
  const fail = (error: Error) => wanting?.reject(error);
  socket.setEncoding("latin1");
  socket.on("data", (chunk: string) => {
    text += chunk;
    look();
  });
  socket.on("error", fail);
  socket.on("close", () => fail(new Error("the connection was closed in the middle of a call")));
  return () => {
    const { promise } = (wanting = Promise.withResolvers<RawReply>());
    look();
    return promise;
  };
}

/** One call. @param headers lines, each with its end */
export async function callOnceRaw(url: string, path: string, how: { host?: string; headers?: string }): Promise<RawReply> {
  let left: string | undefined = path;
  const replies: RawReply[] = [];
  const next = () => {
    const now = left;
    left = undefined;
    return now;
  };
  await callRaw(url, next, (reply) => void replies.push(reply), how);
  return replies[0]!;
}
