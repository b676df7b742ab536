/**
 * The record that a supervisor keeps in the state folder: `mayfly status` reads it while no worker answers, and the next supervisor reads
 * it at its start.
 */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { fresh, type Standing } from "./standing.ts";

export interface SupervisorRecord extends Standing {
  pid: number;
  /** Milliseconds since the epoch. */
  startedAt: number;
  state: "starting" | "up" | "restarting" | "stopping";
  /** How many calls are in flight while the worker is stopping, as last reported by the worker. */
  calls?: number | undefined;
}

export const recordSchema = z.object({
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

/**
 * Returns undefined if the file is missing or invalid. The record only saves the next supervisor some restarts, so losing it does no harm.
 */
export function readRecord(stateDir: string): SupervisorRecord | undefined {
  try {
    return recordSchema.safeParse(JSON.parse(readFileSync(fileIn(stateDir), "utf8"))).data;
  } catch {
    return undefined;
  }
}

/** What an earlier supervisor learned about appliances. Its restarts are not taken over. */
export function standingFrom(stateDir: string): Standing {
  const { suspected = [], leftAlone = [] } = readRecord(stateDir) ?? {};
  return { ...fresh, suspected, leftAlone };
}

function fileIn(stateDir: string): string {
  return join(stateDir, "supervisor.json");
}
