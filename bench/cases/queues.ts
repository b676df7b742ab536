/** Messages that are sent, received and deleted by SQS's API, on one connection each way, and what a server with many queues costs that nobody uses. */
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { signatureOf } from "../../src/doors/signature/signature-of.ts";
import { deriveKey } from "../../src/doors/signature/signing-keys.ts";
import type { BenchOptions } from "../options.ts";
import { type Platform, startPlatform } from "../platform.ts";
import { rate, type Row, type Section } from "../report.ts";
import { median } from "../statistics.ts";

const WARM_UP_SECONDS = 2;
const TO_REACH = 2_000;
const IDLE_QUEUES = 1_000;
const IDLE_SECONDS = 20;
const MOST_IDLE = 0.01;
const BATCH = 10;
/** The sender is at most so many messages, or batches, ahead of the receiver: what it sent besides would take the receiver's CPU. */
const MOST_AHEAD = 100;

type Key = Awaited<ReturnType<Platform["client"]["createKey"]>>;

export async function queues(options: BenchOptions): Promise<Section[]> {
  const platform = await startPlatform("process", { blanks: 0, idleMs: 600_000 });
  try {
    const key = await platform.client.createKey({ principal: "bench", role: "operator" });
    const [batches, singles] = [[] as number[], [] as number[]];
    await measure(platform, key, BATCH, WARM_UP_SECONDS);
    for (let round = 0; round < options.rounds; round++) {
      batches.push(await measure(platform, key, BATCH, options.seconds));
      singles.push(await measure(platform, key, 1, options.seconds));
    }
    return [section({ batches: median(batches), singles: median(singles), idle: await idle(platform) }, options)];
  } finally {
    await platform.stop();
  }
}

/** Messages that were sent, received and deleted in a second. */
async function measure({ apiUrl, client }: Platform, key: Key, size: number, seconds: number): Promise<number> {
  const queue = `bench-${Math.random().toString(36).slice(2)}`;
  await client.createQueue({ name: queue });
  const [sender, receiver] = [new Connection(apiUrl, key), new Connection(apiUrl, key)];
  const end = performance.now() + 1_000 * seconds;
  const MessageBody = "x".repeat(100);
  const Entries = Array.from({ length: size }, (_, at) => ({ Id: String(at), MessageBody }));
  let [sent, done] = [0, 0];
  let goOn = () => {};
  const send = async () => {
    for (; performance.now() < end; sent += size) {
      if (sent - done >= MOST_AHEAD * size) await new Promise<void>((resolve) => (goOn = resolve));
      if (size === 1) await sender.call("SendMessage", { QueueUrl: queue, MessageBody });
      else await sender.call("SendMessageBatch", { QueueUrl: queue, Entries });
    }
  };
  const receive = async () => {
    while (performance.now() < end) {
      const wish = { QueueUrl: queue, MaxNumberOfMessages: size, WaitTimeSeconds: 1 };
      const { Messages = [] } = (await receiver.call("ReceiveMessage", wish)) as { Messages?: { ReceiptHandle: string }[] };
      const receipts = Messages.map(({ ReceiptHandle }, at) => ({ Id: String(at), ReceiptHandle }));
      if (receipts.length === 0) continue;
      if (size === 1) await receiver.call("DeleteMessage", { QueueUrl: queue, ReceiptHandle: receipts[0]!.ReceiptHandle });
      else await receiver.call("DeleteMessageBatch", { QueueUrl: queue, Entries: receipts });
      done += receipts.length;
      if (sent - done < MOST_AHEAD * size) goOn();
    }
    goOn();
  };
  await Promise.all([send(), receive()]);
  for (const each of [sender, receiver]) each.close();
  await client.removeQueue(queue);
  return Math.min(sent, done) / seconds;
}

/** The part of a core that the server uses with queues that nobody uses. */
async function idle({ client, server }: Platform): Promise<number> {
  for (let at = 0; at < IDLE_QUEUES; at += 50)
    await Promise.all(Array.from({ length: 50 }, (_, more) => client.createQueue({ name: `idle-${at + more}` })));
  await sleep(2_000);
  const before = server.cpuUs();
  await sleep(1_000 * IDLE_SECONDS);
  return (server.cpuUs() - before) / (1e6 * IDLE_SECONDS);
}

function section(
  { batches, singles, idle: part }: { batches: number; singles: number; idle: number },
  { seconds, rounds }: BenchOptions,
): Section {
  const messages = (perSecond: number) => rate(perSecond).replace("/s", " messages/s");
  const rows: Row[] = [
    { what: `in batches of ${BATCH}`, measured: messages(batches), target: `≥ ${TO_REACH}/s`, reached: batches >= TO_REACH },
    { what: "one by one", measured: messages(singles), target: `≥ ${TO_REACH}/s`, reached: singles >= TO_REACH },
    {
      what: `${IDLE_QUEUES} queues that nobody uses`,
      measured: `${(100 * part).toFixed(2)} % of a core`,
      target: `≤ ${100 * MOST_IDLE} %`,
      reached: part <= MOST_IDLE,
    },
  ];
  return {
    title: "Queues by SQS's API: send, receive and delete",
    how: `${seconds} s, median of ${rounds} interleaved rounds; a connection that sends and one that receives and deletes, each with one signed request at a time; what is sent and deleted is on the disk before it is confirmed. The sender is at most ${MOST_AHEAD} ahead. The client is a program of Node on the same host, which writes and reads the HTTP of these requests itself, and sends a signature again for as long as it would sign the same.`,
    rows,
  };
}

/** One connection, with one request at a time. It speaks just the HTTP that this takes: a request by node:http costs the client more than it costs the server, and both share the host. */
class Connection {
  readonly #socket: Socket;
  readonly #host: string;
  readonly #key: Key;
  /** The key that signs, by days. */
  readonly #signing = new Map<string, Buffer>();
  /** Heads of requests of the current second, by operation and body: the date is a part of what is signed. */
  readonly #heads = new Map<string, string>();
  #second = "";
  #received = "";
  #answer = Promise.withResolvers<unknown>();

  constructor(url: string, key: Key) {
    const { host, hostname, port } = new URL(url);
    [this.#host, this.#key] = [host, key];
    this.#socket = connect(Number(port), hostname).setNoDelay(true).setEncoding("latin1");
    this.#socket.on("data", (text: string) => this.#take(text));
    this.#socket.on("error", (error) => this.#answer.reject(error));
    this.#socket.on("close", () => this.#answer.reject(new Error("the server has closed the connection")));
    // It is closed at the end, when nobody waits.
    this.#answer.promise.catch(() => {});
  }

  call(operation: string, members: object): Promise<unknown> {
    const body = JSON.stringify(members);
    this.#answer = Promise.withResolvers<unknown>();
    this.#answer.promise.catch(() => {});
    this.#socket.write(this.#head(operation, body) + body, "latin1");
    return this.#answer.promise;
  }

  #head(operation: string, body: string): string {
    const second = `${new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, "")}Z`;
    if (second !== this.#second) this.#heads.clear();
    this.#second = second;
    const known = this.#heads.get(operation + body);
    if (known !== undefined) return known;
    const headers = { host: this.#host, "content-length": String(body.length), ...this.#signed(operation, body, second) };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const head = `POST / HTTP/1.1\r\n${lines.join("")}\r\n`;
    this.#heads.set(operation + body, head);
    return head;
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(text: string): void {
    this.#received += text;
    const end = this.#received.indexOf("\r\n\r\n");
    if (end < 0) return;
    const length = Number(/content-length: (\d+)/i.exec(this.#received)?.[1]);
    const body = this.#received.slice(end + 4);
    if (body.length < length) return;
    const isGood = this.#received.startsWith("HTTP/1.1 200 ");
    this.#received = "";
    if (isGood) this.#answer.resolve(body === "" ? {} : JSON.parse(body));
    else this.#answer.reject(new Error(`the server answered: ${body}`));
  }

  #signed(operation: string, body: string, date: string): Record<string, string> {
    const { id, secret } = this.#key;
    const host = this.#host;
    const day = date.slice(0, 8);
    const target = `AmazonSQS.${operation}`;
    const names = ["host", "x-amz-date", "x-amz-target"];
    const given = {
      accessKeyId: id,
      day,
      region: "us-east-1",
      service: "sqs",
      date,
      signedHeaders: names,
      signature: "",
      expires: undefined,
    };
    const headers = { host, "x-amz-date": date, "x-amz-target": target };
    const signing = this.#signing.get(day) ?? deriveKey(secret, given);
    this.#signing.set(day, signing);
    const signature = signatureOf(
      { method: "POST", path: "/", query: new URLSearchParams(), headers, body: Buffer.from(body) },
      given,
      signing,
    );
    const authorization = `AWS4-HMAC-SHA256 Credential=${id}/${day}/us-east-1/sqs/aws4_request, SignedHeaders=${names.join(";")}, Signature=${signature}`;
    return { "x-amz-date": date, "x-amz-target": target, authorization, "content-type": "application/x-amz-json-1.0" };
  }
}
