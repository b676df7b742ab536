/** WebSockets of one machine: messages that a thousand of them echo, and what an idle one costs in memory. The client makes its frames by itself, to be light. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { BenchOptions } from "../options.ts";
import { type BenchDriver, startPlatform } from "../platform.ts";
import { rate, type Row, type Section } from "../report.ts";
import { descendantsPss, processPss } from "../server.ts";
import { median } from "../statistics.ts";

const CONNECTIONS = 1_000;
const OPENING_AT_ONCE = 50;
const WARMING = 50;
const HEAD_END = "\r\n\r\n";
/** A client's text frame of 32 bytes, masked by zeros. */
const message = Buffer.concat([Buffer.from([0x81, 0x80 | 32, 0, 0, 0, 0]), Buffer.alloc(32, "x")]);
/** Its echo is not masked. */
const ECHO_BYTES = 2 + 32;

const targets: Partial<Record<BenchDriver, { perSecond: number; idleBytes: number }>> = { gvisor: { perSecond: 5_000, idleBytes: 20_000 } };

export async function websocket(options: BenchOptions): Promise<Section[]> {
  const rows: Row[] = [];
  for (const driver of options.drivers) rows.push(...(await measure(driver, options)));
  return [
    {
      title: `WebSockets of one machine, ${CONNECTIONS} connections`,
      how: `Each sends 32 bytes and waits for their echo by ws, median of ${options.rounds} rounds of ${options.seconds} s; memory is PSS of the server and all below it, of ${CONNECTIONS} silent connections over none, after ${WARMING} were used.`,
      rows,
    },
  ];
}

async function measure(driver: BenchDriver, { rounds, seconds }: BenchOptions): Promise<Row[]> {
  const platform = await startPlatform(driver, { blanks: 0, idleMs: 600_000 });
  const all = () => processPss(platform.server.pid) + descendantsPss(platform.server.pid);
  try {
    const url = new URL(await platform.deploy("socket"));
    // Few, so that what the others take is not hidden in memory that was used before.
    await echo(await open(url, WARMING), seconds);
    await sleep(3_000);
    const before = all();
    const sockets = await open(url);
    await sleep(3_000);
    const idleBytes = (all() - before) / CONNECTIONS;
    const rates = [];
    for (let round = 0; round < rounds; round += 1) rates.push(await echo(sockets, seconds, round < rounds - 1));
    const perSecond = median(rates);
    const target = targets[driver];
    return [
      withTarget(`${driver}: messages`, rate(perSecond), target && `≥ ${rate(target.perSecond)}`, perSecond >= (target?.perSecond ?? 0)),
      withTarget(
        `${driver}: an idle connection`,
        `${(idleBytes / 1_000).toFixed(1)} KB`,
        target && `≤ ${target.idleBytes / 1_000} KB`,
        idleBytes <= (target?.idleBytes ?? 0),
      ),
    ];
  } finally {
    await platform.stop();
  }
}

function withTarget(what: string, measured: string, target: string | undefined, reached: boolean): Row {
  return target === undefined ? { what, measured } : { what, measured, target, reached };
}

async function open(url: URL, count = CONNECTIONS): Promise<Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < count) sockets.push(...(await Promise.all(Array.from({ length: OPENING_AT_ONCE }, () => openOne(url)))));
  return sockets;
}

async function openOne({ hostname, port, pathname, host }: URL): Promise<Socket> {
  const socket = connect(Number(port), hostname);
  socket.write(
    `GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
  );
  let head = "";
  const ended = once(socket, "close").then(() =>
    Promise.reject(new Error(`no WebSocket: the server ended the connection after "${head.slice(0, 300)}"`)),
  );
  // Nobody looks at it any more once the connection stands.
  ended.catch(() => {});
  while (!head.includes(HEAD_END)) head += String((await Promise.race([once(socket, "data"), ended]))[0]);
  if (!head.startsWith("HTTP/1.1 101 ")) throw new Error(`no WebSocket: ${head.slice(0, 300)}`);
  return socket;
}

/** Returns the messages per second. Closes the connections unless they are to be kept. */
async function echo(sockets: Socket[], seconds: number, keep = false): Promise<number> {
  let [echoes, isOver] = [0, false];
  for (const socket of sockets) {
    let bytes = 0;
    socket.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      for (; bytes >= ECHO_BYTES; bytes -= ECHO_BYTES) {
        echoes += 1;
        if (!isOver) socket.write(message);
      }
    });
    socket.write(message);
  }
  await sleep(seconds * 1_000);
  isOver = true;
  const perSecond = echoes / seconds;
  // What is on its way still comes.
  await sleep(500);
  for (const socket of sockets) {
    socket.removeAllListeners("data");
    if (!keep) socket.destroy();
  }
  return perSecond;
}
