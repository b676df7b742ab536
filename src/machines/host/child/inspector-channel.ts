/**
 * The host's end of a machine's second channel, on which its agent carries Node's inspector (`src/guest/agent/carry-inspector.ts` has the frames). On this host the inspector
 * is at a port of the loopback.
 *
 * Owns: the channel, the port, and the file with its address.
 * 1. The guest is hostile: a frame that is too long, or that no debugger reads, ends the channel, and nothing else.
 */
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { guarded } from "../../../base/errors/guarded.ts";

const HEAD = 8;
/** In bytes: the text of a large bundle with its map is one message. */
const MOST_BYTES = 64 * 2 ** 20;

/** @param file gets the inspector's address when the guest has said it. @returns what closes all of it */
export function openInspectorChannel(channel: Duplex, file: string): () => void {
  const debuggers = new Map<number, Socket>();
  let last = 0;
  let isClosed = false;
  const send = (id: number, bytes: Uint8Array) => {
    const head = Buffer.alloc(HEAD);
    head.writeUInt32LE(id, 0);
    head.writeUInt32LE(bytes.byteLength, 4);
    channel.write(Buffer.concat([head, bytes]));
  };
  const carry = (socket: Socket) => {
    const id = ++last;
    debuggers.set(id, socket);
    const gone = () => {
      socket.destroy();
      if (debuggers.delete(id) && !isClosed) send(id, Buffer.alloc(0));
    };
    // Neither throws: the channel's own errors are its events.
    // oxlint-disable-next-line mayfly/guarded-listeners
    socket.on("error", gone).on("close", gone);
    socket.on(
      "data",
      guarded((bytes: Buffer) => send(id, bytes), gone),
    );
  };
  const server = createServer(guarded(carry, (_error, socket) => socket.destroy()));
  const close = () => {
    isClosed = true;
    channel.destroy();
    server.close();
    for (const socket of debuggers.values()) socket.destroy();
    rmSync(file, { force: true });
  };
  const take = (id: number, bytes: Buffer) => {
    if (id === 0) return publish(bytes);
    const socket = debuggers.get(id);
    if (bytes.length === 0) socket?.end();
    else if (socket !== undefined && socket.writableLength + bytes.length > MOST_BYTES) close();
    else socket?.write(bytes);
  };
  const publish = (bytes: Buffer) => {
    if (server.listening) return;
    const { pathname } = new URL(bytes.toString("latin1"));
    server.listen(0, "127.0.0.1", () => {
      if (isClosed) return;
      // Whoever reads it finds all of it or nothing.
      writeFileSync(`${file}.new`, `ws://127.0.0.1:${(server.address() as AddressInfo).port}${pathname}`);
      renameSync(`${file}.new`, file);
    });
  };
  let rest = Buffer.alloc(0);
  const read = (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= HEAD) {
      const size = rest.readUInt32LE(4);
      if (isClosed || size > MOST_BYTES) return close();
      if (rest.length < HEAD + size) return;
      take(rest.readUInt32LE(0), rest.subarray(HEAD, HEAD + size));
      rest = rest.subarray(HEAD + size);
    }
  };
  channel.on("data", guarded(read, close));
  // oxlint-disable-next-line mayfly/guarded-listeners
  channel.on("error", close).on("close", close);
  return close;
}
