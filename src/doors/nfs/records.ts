/**
 * The messages of a TCP connection of RPC (RFC 5531): records of fragments, each with a head of four bytes. What the other end sends is hostile: it is bounded, and what breaks the
 * form ends the connection.
 *
 * 1. At most AT_ONCE messages are being answered; until one is, nothing more is read.
 * 2. Replies are not written faster than they are taken.
 */
import type { Duplex } from "node:stream";
import { guarded } from "../../base/errors/guarded.ts";

/** Nothing that may be asked is longer. */
const MOST_BYTES = 65_536;
const AT_ONCE = 16;
const LAST = 0x8000_0000;

/** @param answer the reply; undefined: there is none. @param onError called with what it rejects with, which ends the connection */
export async function serveRecords(
  connection: Duplex,
  answer: (message: Buffer) => Promise<Buffer | undefined>,
  onError: (error: unknown) => void,
): Promise<void> {
  connection.on(
    "error",
    guarded(
      () => connection.destroy(),
      () => {},
    ),
  );
  const underWay = new Set<Promise<void>>();
  let drain: Promise<void> | undefined;
  const drained = () => (drain ??= settled(connection).finally(() => (drain = undefined)));
  const reply = async (message: Buffer): Promise<void> => {
    try {
      const body = await answer(message);
      if (body === undefined || connection.destroyed) return;
      const head = Buffer.alloc(4);
      head.writeUInt32BE((LAST | body.length) >>> 0, 0);
      if (!connection.write(Buffer.concat([head, body]))) await drained();
    } catch (error) {
      onError(error);
      connection.destroy();
    }
  };
  try {
    for await (const message of messagesOf(connection)) {
      const task: Promise<void> = reply(message).finally(() => underWay.delete(task));
      underWay.add(task);
      if (underWay.size >= AT_ONCE) await Promise.race(underWay);
    }
    await Promise.all(underWay);
  } catch {
    // It broke off, or the other end does not keep to the form.
  } finally {
    connection.destroy();
  }
}

/** Resolves when what was written has been taken, or the connection is over. */
function settled(connection: Duplex): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const end = guarded(
    () => {
      connection.off("drain", end).off("close", end);
      resolve();
    },
    () => resolve(),
  );
  connection.on("drain", end).on("close", end);
  return promise;
}

async function* messagesOf(connection: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  let fragments: Buffer[] = [];
  let bytes = 0;
  for await (const piece of connection) {
    rest = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    while (rest.length >= 4) {
      const head = rest.readUInt32BE(0);
      const length = head & ~LAST;
      if (bytes + length > MOST_BYTES || fragments.length > 16) throw new Error("the message is too long");
      if (rest.length < 4 + length) break;
      fragments.push(rest.subarray(4, 4 + length));
      bytes += length;
      rest = rest.subarray(4 + length);
      if ((head & LAST) === 0) continue;
      yield Buffer.concat(fragments, bytes);
      fragments = [];
      bytes = 0;
    }
  }
}
