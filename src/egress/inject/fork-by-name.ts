/** Puts itself between a machine and a connection to the outside until the name is known that the machine's TLS client asks for. */
import { type Duplex, duplexPair, pipeline } from "node:stream";
import type { Socket } from "node:net";
import { guarded } from "../../base/errors/guarded.ts";
import type { Outside } from "../egress.ts";
import { ClientHelloReader, MOST } from "./client-hello.ts";

/** Takes over the connection; the first bytes of the machine can still be read from `machine`. */
type Take = (machine: Duplex) => void;

/**
 * Returns the connection as the machine sees it. When either end is destroyed, the other is.
 * @param choose called once; undefined means that the bytes pass unchanged
 */
export function forkByName(socket: Socket, choose: (name: string | null) => Take | undefined): Outside {
  const [front, machine] = duplexPair();
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
  // A copy: what comes may be small views of large chunks, and a machine that sends byte by byte could have the host keep a chunk for each.
  const seen = Buffer.alloc(MOST);
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
  pipeline(machine, socket, over);
  pipeline(socket, machine, over);
}
