/** What an app used in a month, summed for its bill and its limits. */
import type { UsageDelta } from "./ledger.ts";
import type { Prices } from "../../base/config/prices.ts";

export interface Sums {
  /** CPU of functions, in microseconds; for the platform, that of its server. */
  runCpuUs: number;
  /** CPU of starts and binds, in microseconds; for the platform, that of starts that no app took, and of templates. */
  bringUpCpuUs: number;
  byteSeconds: number;
  requests: number;
  wallMs: number;
  wallByteSeconds: number;
  /** Of services that keep something and have no prices of their own. */
  reads: number;
  writes: number;
  /** What these and queues keep. */
  storedByteSeconds: number;
  objectReads: number;
  objectWrites: number;
  objectByteSeconds: number;
  /** Bytes of objects that left the host. */
  objectOutBytes: number;
  /** Messages that were sent, received or deleted. */
  queueRequests: number;
}

export const GB = 2 ** 30;
/** Of a month of 730 hours, as prices for what is stored count. */
const MONTH_SECONDS = 730 * 3_600;

export function emptySums(): Sums {
  return {
    runCpuUs: 0,
    bringUpCpuUs: 0,
    byteSeconds: 0,
    requests: 0,
    wallMs: 0,
    wallByteSeconds: 0,
    reads: 0,
    writes: 0,
    storedByteSeconds: 0,
    objectReads: 0,
    objectWrites: 0,
    objectByteSeconds: 0,
    objectOutBytes: 0,
    queueRequests: 0,
  };
}

/** Skips the CPU of `calls`, because it is part of that of `run`. */
export function addRow(sums: Sums, row: Omit<UsageDelta, "at" | "app">): void {
  const { kind, cpuUs = 0 } = row;
  if (kind === "reads" || kind === "writes") return void (sums[requestsOf(kind, row.function)] += row.requests ?? 0);
  if (kind === "stored") return void (sums[row.function === OBJECTS ? "objectByteSeconds" : "storedByteSeconds"] += row.byteSeconds ?? 0);
  if (kind === "out") return void (sums.objectOutBytes += row.byteSeconds ?? 0);
  if (kind === "run" || kind === "server") sums.runCpuUs += cpuUs;
  else if (kind !== "calls") sums.bringUpCpuUs += cpuUs;
  sums.byteSeconds += row.byteSeconds ?? 0;
  sums.requests += row.requests ?? 0;
  sums.wallMs += row.wallMs ?? 0;
  sums.wallByteSeconds += row.wallByteSeconds ?? 0;
}

/** What the services are called in the ledger that have prices of their own. */
const OBJECTS = "objects";
const QUEUES = "queues";

function requestsOf(kind: "reads" | "writes", service: string | undefined) {
  if (service === QUEUES) return "queueRequests";
  if (service === OBJECTS) return kind === "reads" ? "objectReads" : "objectWrites";
  return kind;
}

export function costOf(sums: Sums, prices: Prices): number {
  const { runCpuUs, bringUpCpuUs, byteSeconds, requests } = sums;
  const ofMachines = ((runCpuUs + bringUpCpuUs) / 1e6) * prices.vcpuSecond + (byteSeconds / GB) * prices.gbSecond;
  return ofMachines + requests * prices.request + costOfServices(sums, prices) + costOfObjects(sums, prices);
}

function costOfServices({ reads, writes, storedByteSeconds, queueRequests }: Sums, prices: Prices): number {
  const { read, write, storedGbMonth, queueRequest } = prices;
  return reads * read + writes * write + gbMonths(storedByteSeconds) * storedGbMonth + queueRequests * queueRequest;
}

function costOfObjects({ objectReads, objectWrites, objectByteSeconds, objectOutBytes }: Sums, prices: Prices): number {
  const { objectRead, objectWrite, objectGbMonth, objectOutGb } = prices;
  const ofRequests = objectReads * objectRead + objectWrites * objectWrite;
  return ofRequests + gbMonths(objectByteSeconds) * objectGbMonth + (objectOutBytes / GB) * objectOutGb;
}

export function gbMonths(byteSeconds: number): number {
  return byteSeconds / GB / MONTH_SECONDS;
}

/** What the same invocations would cost if their wall time were billed. */
export function wallClockCostOf({ wallByteSeconds, requests }: Sums, prices: Prices): number {
  return (wallByteSeconds / GB) * prices.wallGbSecond + requests * prices.wallRequest;
}
