/** Cases of durable executions as they stand in ../shared/durable-cases/, and how what happened is compared with them. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { Random } from "../../src/base/testing/random.ts";

export interface Case {
  /** Such as 1-12. */
  number: string;
  description: string;
  isAsync: boolean;
  input: unknown;
  result: { ExecutionStatus?: string; Result?: unknown } | undefined;
  callbacks: CallbackAction[];
  history: Record<string, unknown>[];
  logs: { match: { message: string }; count: number }[];
}

export interface CallbackAction {
  CallbackName: string;
  Operation: "success" | "failure" | "heartbeat";
  Payload?: unknown;
  /** Seconds. */
  Delay?: number;
}

/** Undefined if the folder is missing. */
export function readCases(folder: string, random: Random): Case[] | undefined {
  if (statSync(folder, { throwIfNoEntry: false }) === undefined) return undefined;
  const kinds = readdirSync(folder, { withFileTypes: true }).filter((each) => each.isDirectory());
  return kinds.flatMap(({ name: kind }) =>
    readdirSync(join(folder, kind))
      .toSorted()
      .map((file) => readCase(readFileSync(join(folder, kind, file), "utf8"), file.replace(".yaml", ""), random)),
  );
}

function readCase(text: string, number: string, random: Random): Case {
  const raw = parse(text) as Record<string, unknown>;
  const variables = Object.entries((raw["Variables"] ?? {}) as Record<string, string>).map(([name, how]) => {
    const length = Number(/^\$\{GEN_STR:(\d+)\}$/.exec(how)?.[1]);
    return [name, Array.from({ length }, () => random.pick("abcdefghijklmnopqrstuvwxyz".split(""))).join("")] as const;
  });
  const filled = fill(raw, new Map(variables)) as Record<string, unknown>;
  return {
    number,
    description: String(filled["description"]),
    isAsync: filled["AsyncInvoke"] === true,
    input: filled["Input"] ?? null,
    result: filled["ExpectedResult"] as Case["result"],
    callbacks: (filled["CallbackActions"] ?? []) as CallbackAction[],
    history: filled["ExpectedExecutionHistory"] as Case["history"],
    logs: (filled["ExpectedLogs"] ?? []) as Case["logs"],
  };
}

function fill(value: unknown, variables: ReadonlyMap<string, string>): unknown {
  if (typeof value === "string") return value.replace(/\$\{([A-Z0-9_]+)\}/g, (whole, name: string) => variables.get(name) ?? whole);
  if (Array.isArray(value)) return value.map((each) => fill(each, variables));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, fill(each, variables)]));
}

/** What is different, as texts; none if nothing is. Events that the case does not list are of no account. */
export function differences(wanted: Case["history"], events: readonly object[]): string[] {
  const bound = new Map<string, unknown>();
  const byNumber = new Map(events.map((event) => [(event as { EventId?: number }).EventId, event]));
  return wanted.flatMap((event) => {
    const number = event["EventId"] as number;
    const found = byNumber.get(number);
    return found === undefined ? [`there is no event ${number}`] : compare(event, found, `event ${number}`, bound);
  });
}

function compare(wanted: unknown, found: unknown, at: string, bound: Map<string, unknown>): string[] {
  if (wanted === "*") return [];
  if (typeof wanted === "string") return compareText(wanted, found, at, bound);
  if (typeof wanted !== "object" || wanted === null) return wanted === found ? [] : [differs(at, wanted, found)];
  if (Array.isArray(wanted)) return JSON.stringify(wanted) === JSON.stringify(found) ? [] : [differs(at, wanted, found)];
  if (typeof found !== "object" || found === null) return [differs(at, wanted, found)];
  return Object.entries(wanted).flatMap(([key, each]) => compare(each, (found as Record<string, unknown>)[key], `${at}.${key}`, bound));
}

function compareText(wanted: string, found: unknown, at: string, bound: Map<string, unknown>): string[] {
  const pattern = /^\$\{\/(.*)\/\}$/.exec(wanted)?.[1];
  if (pattern !== undefined) return new RegExp(pattern).test(String(found)) ? [] : [differs(at, wanted, found)];
  const name = /^\$\{([A-Z0-9_]+)\}$/.exec(wanted)?.[1];
  if (name !== undefined) {
    if (!bound.has(name)) bound.set(name, found);
    return bound.get(name) === found ? [] : [differs(at, `${wanted}, which was ${String(bound.get(name))}`, found)];
  }
  return wanted === found || isSameJson(wanted, found) ? [] : [differs(at, wanted, found)];
}

function isSameJson(wanted: string, found: unknown): boolean {
  try {
    return JSON.stringify(JSON.parse(wanted)) === JSON.stringify(JSON.parse(String(found)));
  } catch {
    return false;
  }
}

function differs(at: string, wanted: unknown, found: unknown): string {
  return `${at} should be ${JSON.stringify(wanted)}, and is ${JSON.stringify(found)}`;
}
