/**
 * A frozen machine is a QEMU migration whose memory stays where it is (x-ignore-shared): the guest's memory is a file
 * already, and only the state of CPUs and devices, some hundred kilobytes, is written and read.
 */
import { once } from "node:events";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";

import { guarded } from "../../base/errors/guarded.ts";
import { Fd } from "./command-line.ts";
import type { Confined } from "../host/qemu/confinement.ts";
import type { Qmp } from "./qmp.ts";

/** The guest is not stopped first: it runs until the last moment, and a clone continues where the guest would have. */
export async function saveState(qmp: Qmp, confined: Confined): Promise<Buffer> {
  await enable(qmp, "x-ignore-shared", "events");
  // QEMU 7.2 reads its state from an inherited descriptor but cannot write it to one, so QEMU connects to a socket of this process.
  await using receiver = await listenForState(confined);
  const completed = qmp.event("MIGRATION", ({ status }) => status === "completed");
  const failed = qmp
    .event("MIGRATION", ({ status }) => status === "failed")
    .then(() => {
      throw new Error("QEMU could not save the machine's state");
    });
  const [bytes] = await Promise.all([receiver.bytes, Promise.race([completed, failed]), qmp.command("migrate", { uri: receiver.uri })]);
  return bytes;
}

/** Resolves when the clone runs. Bytes that are written to its channel earlier are lost. @param before what is to be done before it runs */
export async function loadState(qmp: Qmp, before?: () => Promise<void>): Promise<void> {
  // All commands are sent at once. QEMU answers in order, and each round trip would cost a turn of both event loops.
  const running = qmp.event("RESUME");
  const answers = [qmp.command("qmp_capabilities")];
  if (before !== undefined) await before();
  answers.push(enable(qmp, "x-ignore-shared"), qmp.command("migrate-incoming", { uri: `fd:${Fd.State}` }));
  await Promise.all([...answers, running]);
}

function enable(qmp: Qmp, ...names: string[]): Promise<unknown> {
  const capabilities = names.map((capability) => ({ capability, state: true }));
  return qmp.command("migrate-set-capabilities", { capabilities });
}

/** Far more than the state of any machine's devices: a QEMU that its guest has taken over may write without end. */
const MOST_BYTES = 64 * 1_048_576;

/** A socket that only the template's own machine may connect to, because every tenant's machines start from this state. */
async function listenForState({ uid, exchange }: Confined) {
  const file = path.join(exchange.outside, "state");
  fs.rmSync(file, { force: true });
  const server = net.createServer();
  const bytes = new Promise<Buffer>((resolve, reject) => {
    server.once(
      "connection",
      guarded((socket: net.Socket) => readAll(socket).then(resolve, reject), reject),
    );
    server.once("error", reject);
  });
  server.listen(file);
  await once(server, "listening");
  if (uid !== undefined) fs.chownSync(file, uid, uid);
  fs.chmodSync(file, 0o600);
  return { uri: `unix:${path.join(exchange.inside, "state")}`, bytes, [Symbol.asyncDispose]: async () => void server.close() };
}

async function readAll(socket: net.Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw new Error(`QEMU's state has more than ${MOST_BYTES} bytes`);
  }
  return Buffer.concat(chunks);
}
