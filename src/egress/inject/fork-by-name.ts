/**
 * Puts itself between a machine and a connection to the outside until the name is known that the machine's TLS client asks for.
 *
 * 1. What the machine sends may be small views of large chunks. At most one of them is held: the next is taken when it has gone on, and until then whoever
 *    sends gathers what comes (wire/paced-writer.ts). Before the name is known, it is copied.
 */
import { type Duplex, duplexPair, finished, pipeline, Writable } from "node:stream";
import type { Socket } from "node:net";
import { guarded } from "../../base/errors/guarded.ts";
import type { Outside } from "../egress.ts";
import { ClientHelloReader, MOST_BYTES } from "./client-hello.ts";

/** In bytes: any piece is at least as much. */
const ONE_PIECE = 1;

/** Takes over the connection; the first bytes of the machine can still be read from `machine`. */
type Take = (machine: Duplex) => void;

/**
 * Returns the connection as the machine sees it. When either end is destroyed, the other is.
 * @param choose called once; undefined means that the bytes pass unchanged
 */
export function forkByName(socket: Socket, choose: (name: string | null) => Take | undefined): Outside {
  const [front, machine] = duplexPair({ highWaterMark: ONE_PIECE });
  const { remoteAddress, remotePort, remoteFamily } = socket;
  const cut = () => {
    socket.destroy();
    machine.destroy();
  };
  // What has ended in both directions may still be on its way to the other end.
  const onClose = () => {
    if (!front.readableEnded || !front.writableFinished) cut();
  };
  front.on("close", guarded(onClose, cut));
  machine.on("error", () => {}); // the user of `front` is told of what fails
  // What the machine sends from then on goes nowhere. It still gets what was sent to it.
  const end = () => front.destroy();
  const onGone = () => void (front.readableEnded ? end() : front.once("end", guarded(end, end)));
  machine.on("close", guarded(onGone, cut));
  decideBy(socket, machine, (name) => (choose(name) ?? ((from: Duplex) => pass(from, socket, front)))(machine));
  return Object.assign(front, { remoteAddress, remotePort, remoteFamily });
}

/** Calls back when the name is known, or when the other end speaks or ends first, which no server of TLS does. */
function decideBy(socket: Socket, machine: Duplex, decided: (name: string | null) => void): void {
  const reader = new ClientHelloReader();
  const seen = Buffer.alloc(MOST_BYTES);
  let length = 0;
  const decide = (name: string | null, last: Buffer[] = []) => {
    machine.off("data", onData).off("end", onSilence).pause();
    socket.off("readable", onSilence).off("error", onSilence);
    const bytes = Buffer.concat([seen.subarray(0, length), ...last]);
    if (machine.readableEnded) socket.write(bytes);
    else if (bytes.length > 0) machine.unshift(bytes);
    decided(name);
  };
  const cut = () => {
    socket.destroy();
    machine.destroy();
  };
  const onData = guarded((chunk: Buffer) => {
    const name = reader.add(chunk);
    if (name !== undefined) return decide(name, [chunk]);
    length += chunk.copy(seen, length);
  }, cut);
  const onSilence = guarded(() => decide(null), cut);
  machine.on("data", onData).on("end", onSilence);
  socket.on("readable", onSilence).on("error", onSilence);
}

function pass(machine: Duplex, socket: Socket, front: Duplex): void {
  const over = (error: Error | null | undefined) => void (error && front.destroy(error));
  // The socket itself would take a full buffer of pieces.
  const onePiece = new Writable({
    highWaterMark: ONE_PIECE,
    write: (bytes: Buffer, _encoding, done) => void socket.write(bytes, done),
    final: (done) => void socket.end(done),
  });
  pipeline(machine, onePiece, over);
  pipeline(socket, machine, over);
  finished(socket, { readable: false }, over);
}
