import { parseArgs } from "node:util";
import type { BenchDriver } from "./platform.ts";

export const caseNames = [
  "warm",
  "waiting",
  "first-call",
  "memory",
  "rest",
  "websocket",
  "access",
  "telemetry",
  "dev",
  "dashboard",
  "tenants",
  "files",
  "nfs",
  "runtimes",
  "snapshot",
  "guests",
  "simulator",
  "lambda",
  "durable",
  "kv",
  "queues",
  "objects",
  "events",
  "live",
] as const;
export type CaseName = (typeof caseNames)[number];
/** The case `live` takes ten minutes per driver and round, so it runs only if requested. */
const usualCases = caseNames.filter((name) => name !== "live");
const driverNames: readonly BenchDriver[] = ["process", "gvisor", "qemu"];

export interface BenchOptions {
  cases: readonly CaseName[];
  drivers: readonly BenchDriver[];
  rounds: number;
  /** The duration of one measurement of load. */
  seconds: number;
  /** The duration of the case `live`. */
  minutes: number;
  /** The file for the results as JSON. */
  json?: string;
}

/** @throws Error with the usage if a word is unknown */
export function parseOptions(args: string[]): BenchOptions {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: "string", default: usualCases.join() },
      drivers: { type: "string", default: driverNames.join() },
      rounds: { type: "string", default: "3" },
      seconds: { type: "string", default: "4" },
      minutes: { type: "string", default: "5" },
      json: { type: "string" },
    },
  });
  return {
    cases: pick(values.only, caseNames, "--only"),
    drivers: pick(values.drivers, driverNames, "--drivers"),
    rounds: count(values.rounds, "--rounds"),
    seconds: count(values.seconds, "--seconds"),
    minutes: count(values.minutes, "--minutes"),
    ...(values.json === undefined ? {} : { json: values.json }),
  };
}

function pick<Name extends string>(text: string, allowed: readonly Name[], flag: string): Name[] {
  return text.split(",").map((word) => {
    const name = allowed.find((each) => each === word);
    if (name === undefined) throw new Error(`${flag} takes some of ${allowed.join(",")}, not "${word}"`);
    return name;
  });
}

function count(text: string, flag: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`${flag} takes a whole number from 1, not "${text}"`);
  return value;
}
