/** What a supervisor keeps in the state folder: for `mayfly status` while no worker answers, and for the next supervisor. */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { fresh, type Standing } from "./standing.ts";

export interface SupervisorRecord extends Standing {
  pid: number;
  /** Milliseconds since the epoch. */
  startedAt: number;
  state: "starting" | "up" | "restarting" | "stopping";
  /** In flight while it is stopping, as far as the worker has told. */
  calls?: number | undefined;
}

const schema = z.object({
  pid: z.int(),
  startedAt: z.number(),
  state: z.enum(["starting", "up", "restarting", "stopping"]),
  calls: z.int().optional(),
  restarts: z.int(),
  deaths: z.array(z.object({ at: z.number(), reason: z.string(), livedMs: z.number() })),
  suspected: z.array(z.tuple([z.string(), z.int()])),
  leftAlone: z.array(z.string()),
});

export function writeRecord(stateDir: string, record: SupervisorRecord): void {
  const file = fileIn(stateDir);
  writeFileSync(`${file}.new`, `${JSON.stringify(record)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** Undefined where there is none that makes sense: it only saves restarts that teach the same again. */
export function readRecord(stateDir: string): SupervisorRecord | undefined {
  try {
    return schema.safeParse(JSON.parse(readFileSync(fileIn(stateDir), "utf8"))).data;
  } catch {
    return undefined;
  }
}

/** What an earlier supervisor learned of appliances; its restarts are its own. */
export function standingFrom(stateDir: string): Standing {
  const { suspected = [], leftAlone = [] } = readRecord(stateDir) ?? {};
  return { ...fresh, suspected, leftAlone };
}

function fileIn(stateDir: string): string {
  return join(stateDir, "supervisor.json");
}
