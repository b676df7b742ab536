/** What it costs a call that summaries of calls are kept, apart from all else: CPU time of the listener and of the file, at several loads. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Invocations, keepInvocations } from "../src/store/invocations/kept-invocations.ts";
import { invocationMigrations } from "../src/store/invocations/schema.ts";
import { invocationTable } from "../src/store/invocations/table.ts";
import { openDatabase } from "../src/store/sqlite/open.ts";
import { EventStream } from "../src/telemetry/event-stream.ts";
import type { InvocationEnded } from "../src/telemetry/platform-event.ts";
import type { Row, Section } from "./report.ts";
import { median } from "./statistics.ts";

interface Load {
  apps: number;
  perSecond: number;
  /** Of the calls, those that fail. */
  failing: number;
}

const loads: readonly Load[] = [
  { apps: 1, perSecond: 20_000, failing: 0 },
  { apps: 1, perSecond: 20_000, failing: 0.01 },
  { apps: 100, perSecond: 5_000, failing: 0.01 },
  { apps: 1_000, perSecond: 5_000, failing: 0.05 },
  { apps: 20, perSecond: 5_000, failing: 1 },
];
const SECONDS = 30;
const MOST_US = 1;

export function keptCalls(rounds: number): Section {
  return {
    title: "What calls were like, the listener and the file alone",
    how: `CPU time a call over ${SECONDS} s of made-up calls with another listener beside it, less that without it, median of ${rounds} rounds in turns.`,
    rows: loads.map((load) => rowOf(load, rounds)),
  };
}

function rowOf(load: Load, rounds: number): Row {
  const more = Array.from({ length: rounds }, () => -cpuUs(load, false) + cpuUs(load, true));
  const { apps, perSecond, failing } = load;
  const what = `${apps} apps, ${perSecond.toLocaleString("en")} calls/s, ${100 * failing} % failing`;
  return { what, measured: `${median(more).toFixed(2)} µs more a call`, target: `≤ ${MOST_US} µs`, reached: median(more) <= MOST_US };
}

/** Microseconds of CPU a call. */
function cpuUs({ apps, perSecond, failing }: Load, isKept: boolean): number {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-bench-calls-"));
  const db = openDatabase(join(folder, "invocations.db"), { durability: "normal", migrations: invocationMigrations });
  let second = () => {};
  const clock = { now: () => 0, after: (_ms: number, next: () => void) => ((second = next), () => (second = () => {})) };
  const events = new EventStream(clock, failed);
  let statuses = 0;
  events.listen({ "invocation-ended": ({ status }) => void (statuses += status) });
  const names = Array.from({ length: apps }, (_, at) => `app_${at}`);
  const rule = { perSecond: 10, slowMs: 1_000, perApp: 300, most: 50_000 };
  let kept: Invocations | undefined;
  if (isKept) kept = keepInvocations({ ...rule, table: invocationTable(db), events, clock, tenantOf: () => "t", onFailure: failed });
  const before = process.cpuUsage();
  let call = 0;
  for (let at = 0; at < SECONDS; at++) {
    for (const end = call + perSecond; call < end; call++)
      events.tellFrozen(ended(call, names[call % apps]!, (call * 7_919) % 1_000 < 1_000 * failing));
    second();
  }
  const { user, system } = process.cpuUsage(before);
  kept?.close();
  db.close();
  rmSync(folder, { recursive: true, force: true });
  return (user + system) / call;
}

function failed(error: unknown): never {
  throw error;
}

const spans = Object.freeze({ queue: 0.1, start: 0, bind: 0, run: 2 });

function ended(number: number, app: string, hasFailed: boolean): InvocationEnded {
  return Object.freeze({
    type: "invocation-ended",
    at: 1e12 + number,
    invocation: `b-${number.toString(36)}`,
    app,
    function: "hello",
    machine: "m",
    appGone: false,
    revision: "r",
    memoryMb: 128,
    branch: null,
    outcome: hasFailed ? "function-threw" : "replied",
    details: null,
    status: hasFailed ? 500 : 200,
    spans,
    slotMs: 2,
    requestBytes: 0,
    replyBytes: 10,
    kind: "http",
    attempt: 1,
    source: null,
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00",
    recorded: null,
  });
}
