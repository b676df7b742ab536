/** Objects by S3's protocol: small ones, and large ones beside what the disk and loopback take themselves; and the worker's memory meanwhile. */
import { once } from "node:events";
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { freePort } from "../../src/base/testing/listening.ts";
import { load } from "../load.ts";
import type { BenchOptions } from "../options.ts";
import { type Platform, startPlatform } from "../platform.ts";
import { rate, type Row, type Section, times } from "../report.ts";
import { residentBytes } from "../server.ts";
import { median } from "../statistics.ts";

const CONNECTIONS = 32;
const WARM_UP_SECONDS = 2;
const SMALL = 4_096;
const KEYS = 500;
const LARGE = 64 * 2 ** 20;
const PIECE = Buffer.alloc(2 ** 18, "m");
const LEAST_ROUNDS = 5;
const MIB = 2 ** 20;
const Bucket = "bench";

type Urls = Record<"get" | "put", string[]>;

export async function objects(options: BenchOptions): Promise<Section[]> {
  const endpoint = `http://127.0.0.1:${await freePort()}`;
  const platform = await startPlatform("process", { blanks: 0 }, { MAYFLY_OBJECTS_LISTEN: endpoint.slice("http://".length) });
  const dir = mkdtempSync(join(tmpdir(), "mayfly-bench-objects-"));
  try {
    const urls = await presigned(platform, endpoint, dir);
    const scripts = { get: scriptOf(dir, "get", urls.small.get), put: scriptOf(dir, "put", urls.small.put) };
    const rates = { get: [] as number[], put: [] as number[] };
    for (const kind of ["put", "get"] as const) await small(endpoint, scripts[kind], WARM_UP_SECONDS);
    for (let round = 0; round < options.rounds; round++)
      for (const kind of ["put", "get"] as const) rates[kind].push(await small(endpoint, scripts[kind], options.seconds));
    const large = await measureLarge(platform, urls, dir, options.rounds);
    return [{ ...section(options), rows: [...smallRows(rates), ...large] }];
  } finally {
    rmSync(dir, { recursive: true });
    await platform.stop();
  }
}

async function presigned({ client }: Platform, endpoint: string, dir: string): Promise<{ small: Urls; large: Record<keyof Urls, string> }> {
  const key = await client.createKey({ principal: "bench", role: "operator" });
  const credentials = { accessKeyId: key.id, secretAccessKey: key.secret };
  const settings = { endpoint, region: "us-east-1", forcePathStyle: true, credentials } as const;
  const s3 = new S3Client({ ...settings, requestChecksumCalculation: "WHEN_REQUIRED", responseChecksumValidation: "WHEN_REQUIRED" });
  await s3.send(new CreateBucketCommand({ Bucket }));
  const of = (Key: string) =>
    Promise.all([
      getSignedUrl(s3 as never, new GetObjectCommand({ Bucket, Key }) as never, { expiresIn: 3_600 }),
      getSignedUrl(s3 as never, new PutObjectCommand({ Bucket, Key }) as never, { expiresIn: 3_600 }),
    ]);
  const pairs = await Promise.all(Array.from({ length: KEYS }, (_, at) => of(`small/${at}`)));
  for (const [at] of pairs.entries()) await s3.send(new PutObjectCommand({ Bucket, Key: `small/${at}`, Body: PIECE.subarray(0, SMALL) }));
  const [get, put] = await of(`large-${dir.length}`);
  s3.destroy();
  return { small: { get: pairs.map(([url]) => url), put: pairs.map(([, url]) => url) }, large: { get, put } };
}

/** A script for wrk that asks for one URL after the other. */
function scriptOf(dir: string, kind: keyof Urls, urls: string[]): string {
  const file = join(dir, `${kind}.lua`);
  const paths = urls.map((url) => JSON.stringify(url.replace(/^http:\/\/[^/]+/, ""))).join(",\n");
  const body = kind === "put" ? `string.rep("s", ${SMALL})` : "nil";
  writeFileSync(
    file,
    `local paths = {${paths}}\nlocal body = ${body}\nlocal at = 0\nfunction request()\n  at = at % #paths + 1\n  return wrk.format("${kind.toUpperCase()}", paths[at], nil, body)\nend\n`,
  );
  return file;
}

async function small(endpoint: string, script: string, seconds: number): Promise<number> {
  const { requestsPerSecond, failed } = await load(endpoint, CONNECTIONS, seconds, ["-s", script]);
  if (failed > 0) throw new Error(`${failed} requests of ${script} failed`);
  return requestsPerSecond;
}

/** Large objects, and the same bytes to the disk and over loopback by themselves. */
async function measureLarge(
  { server }: Platform,
  urls: { large: Record<keyof Urls, string> },
  dir: string,
  rounds: number,
): Promise<Row[]> {
  const perSecond = { put: [] as number[], get: [] as number[], disk: [] as number[], loopback: [] as number[] };
  await timed(() => transfer(urls.large.put, "PUT"));
  const before = residentBytes(server.pid);
  let most = before;
  const watch = setInterval(() => (most = Math.max(most, residentBytes(server.pid))), 50);
  try {
    for (let round = 0; round < Math.max(LEAST_ROUNDS, rounds); round++) {
      perSecond.disk.push(await timed(() => toDisk(dir)));
      perSecond.put.push(await timed(() => transfer(urls.large.put, "PUT")));
      perSecond.loopback.push(await timed(overLoopback));
      perSecond.get.push(await timed(() => transfer(urls.large.get, "GET")));
    }
  } finally {
    clearInterval(watch);
  }
  return [
    compared("PUT of 64 MB", perSecond.put, "the disk's own", perSecond.disk),
    compared("GET of 64 MB", perSecond.get, "loopback's own", perSecond.loopback),
    {
      what: "memory of the worker with large objects",
      measured: `${(before / MIB).toFixed(0)} MB before, at most ${(most / MIB).toFixed(0)} MB`,
    },
  ];
}

function compared(what: string, own: number[], other: string, others: number[]): Row {
  const [measured, beside] = [median(own), median(others)];
  const part = measured / beside;
  return {
    what,
    measured: `${measured.toFixed(0)} MB/s, ${times(part)} ${other} ${beside.toFixed(0)} MB/s`,
    target: "≥ 0.5 ×",
    reached: part >= 0.5,
  };
}

/** MB in a second. */
async function timed(work: () => Promise<void> | void): Promise<number> {
  const from = performance.now();
  await work();
  return (1_000 * LARGE) / MIB / (performance.now() - from);
}

async function transfer(url: string, method: "PUT" | "GET"): Promise<void> {
  const headers = method === "PUT" ? { "content-length": LARGE } : {};
  const sent = request(url, { method, headers, agent: false });
  if (method === "PUT") await writeAll(sent);
  else sent.end();
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  let bytes = 0;
  for await (const chunk of response) bytes += (chunk as Buffer).length;
  if (response.statusCode !== 200 || (method === "GET" && bytes !== LARGE))
    throw new Error(`${method} was answered with ${response.statusCode}`);
}

async function writeAll(to: NodeJS.WritableStream): Promise<void> {
  for (let sent = 0; sent < LARGE; sent += PIECE.length) if (!to.write(PIECE)) await once(to, "drain");
  to.end();
}

/** Writes the bytes of a large object to a file, and waits for the disk. */
function toDisk(dir: string): void {
  const fd = openSync(join(dir, "large"), "w");
  for (let written = 0; written < LARGE; written += PIECE.length) writeSync(fd, PIECE);
  fdatasyncSync(fd);
  closeSync(fd);
}

/** Sends the bytes of a large object over a connection of loopback, without a protocol. */
async function overLoopback(): Promise<void> {
  const server = createServer((socket) => void writeAll(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  let bytes = 0;
  for await (const chunk of connect((server.address() as AddressInfo).port, "127.0.0.1")) bytes += (chunk as Buffer).length;
  if (bytes !== LARGE) throw new Error(`${bytes} bytes came over loopback`);
  server.close();
}

function smallRows({ get, put }: Record<keyof Urls, number[]>): Row[] {
  const [puts, gets] = [median(put), median(get)];
  return [
    { what: "PUT of 4 KB, each on the disk", measured: rate(puts), target: "≥ 1,500/s", reached: puts >= 1_500 },
    { what: "GET of 4 KB", measured: rate(gets), target: "≥ 3,000/s", reached: gets >= 3_000 },
  ];
}

function section({ seconds, rounds }: BenchOptions): Omit<Section, "rows"> {
  return {
    title: "Objects by S3's protocol",
    how: `Small: wrk -t1 -c${CONNECTIONS} with signed URLs of ${KEYS} keys, ${seconds} s, median of ${rounds} rounds that take turns. Large: at least ${LEAST_ROUNDS} rounds, one connection, one transfer at a time, the client a program of Node on the same host.`,
  };
}
