/** What a line of the access log costs, apart from all else: CPU time of what is noted of a request, of its line, and of the file with its rotation. */
import type { IncomingMessage } from "node:http";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { systemClock } from "../src/base/clock/clock.ts";
import { Note } from "../src/doors/http/noted.ts";
import type { Route } from "../src/doors/http/place.ts";
import { accessLines, type AccessFormat } from "../src/telemetry/access-log/access-line.ts";
import { LineWriter } from "../src/telemetry/access-log/line-writer.ts";
import { RotatingFile } from "../src/telemetry/access-log/rotating-file.ts";
import type { Row, Section } from "./report.ts";
import { median } from "./statistics.ts";

const LINES = 300_000;
/** Of the same turn of the event loop. */
const AT_ONCE = 50;
const MOST_US = 2;
const MB = 2 ** 20;
/** Bytes. */
const MOST_WAITING = 2 * MB;

const kinds: [what: string, format: AccessFormat, path: string][] = [
  ["as JSON", "json", "/shop/cart"],
  ["in the combined form", "combined", "/shop/cart"],
  ["as JSON, a text with quotes", "json", '/shop/cart/"5"'],
  ["in the combined form, a text with quotes", "combined", '/shop/cart/"5"'],
];

export async function accessLog(rounds: number): Promise<Section> {
  const rows: Row[] = [];
  for (const [what, format, path] of kinds) {
    const all: number[] = [];
    for (let round = 0; round < rounds; round++) all.push(await cpuUs(format, path));
    const isPlain = !path.includes('"');
    const target = isPlain && { target: `≤ ${MOST_US} µs`, reached: median(all) <= MOST_US };
    rows.push({ what, measured: `${median(all).toFixed(2)} µs a line`, ...target });
  }
  return {
    title: "A line of the access log alone",
    how: `CPU time of ${LINES.toLocaleString("en")} lines, from the request's head to the file, median of ${rounds} rounds.`,
    rows,
  };
}

/** Microseconds of CPU a line. */
async function cpuUs(format: AccessFormat, path: string): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-bench-access-"));
  const file = new RotatingFile({ path: join(folder, "access.log"), maxBytes: 10 * MB, keep: 2, clock: systemClock });
  await file.open();
  let [lost, written, given] = [0, 0, 0];
  const counted = {
    append: async (lines: Uint8Array) => {
      written += lines.length;
      return file.append(lines);
    },
    close: () => file.close(),
  };
  const writer = new LineWriter({ file: counted, clock: systemClock, report: (lines) => (lost += lines) });
  const lineOf = accessLines(format);
  const write = (access: Note) => {
    const line = lineOf(access);
    given += line.length;
    writer.append(line);
  };
  const waiting = () => given - written;
  const log = { withQueries: false, write };
  const noting = { log, clock: systemClock, tenantName: () => "main" };
  const before = process.cpuUsage();
  for (let line = 0; line < LINES; line++) {
    const note = new Note(noting, requestOf(line, path), "192.0.2.7");
    note.found({ host: "shop.example:8080", origin: { chain: "192.0.2.7" } });
    note.routed(route);
    note.called(`k3f-${line}`, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00");
    note.answered(200);
    note.sent("hello, world", "latin1");
    note.over(true);
    if (line % AT_ONCE === 0) await turn();
    // No server gets calls as fast as they are made up here.
    while (waiting() > MOST_WAITING) await sleep(1);
  }
  await writer.close();
  const { user, system } = process.cpuUsage(before);
  rmSync(folder, { recursive: true });
  if (lost > 0) throw new Error(`${lost} lines were lost`);
  return (user + system) / LINES;
}

const route = { tenant: "t", appName: "shop", function: "cart" } as Route;

function requestOf(number: number, path: string): IncomingMessage {
  const headers = {
    host: "shop.example:8080",
    "user-agent": `Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/${number % 100}`,
  };
  return { method: "GET", url: `${path}?page=${number % 1_000}`, httpVersion: "1.1", headers } as IncomingMessage;
}
