/** Runs a policy again over a recording, and compares its commands with those recorded. */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { MayflyError } from "../base/errors/error.ts";
import { bindPolicy } from "../policy/bind-policy.ts";
import type { PackingOptions } from "../policy/packing.ts";
import type { PolicyCommand, PolicyEvent, Step } from "../policy/policy.ts";
import type { RecordedStep } from "./recorder.ts";

export interface Replay {
  /** The number of events that were replayed, up to the first difference. */
  events: number;
  /** Empty, or the first difference. After it the states differ, so that further differences would mean nothing. */
  differences: Difference[];
}

interface Difference {
  /** The number of the line in the file, counted from 1. */
  line: number;
  event: PolicyEvent;
  recorded: PolicyCommand[];
  replayed: PolicyCommand[];
}

const header = z.object({
  recording: z.literal("mayfly-policy"),
  version: z.literal(4),
  policy: z.literal("packing"),
  options: z.object({
    blanks: z.number(),
    idleMs: z.number().nullable(),
    maxMachines: z.number(),
    maxMemoryMb: z.number(),
    maxVcpus: z.number(),
    startsPerSecond: z.number(),
    usual: z.looseObject({ key: z.string(), memoryMb: z.number(), vcpus: z.number() }),
    waitWorth: z.number(),
    cpuWorth: z.number(),
    hostCpus: z.number().optional(),
  }),
});

const olderHeader = z.looseObject({ recording: z.literal("mayfly-policy"), version: z.int().refine((version) => version !== 4) });

/** Rejects with "bad-request" if the file is not a recording. */
export async function replay<State>(
  file: string,
  createPolicy: (options: PackingOptions) => { state: State; step: Step<State> },
): Promise<Replay> {
  const lines = createInterface({ input: createReadStream(file, "utf8"), crlfDelay: Infinity })[Symbol.asyncIterator]();
  const first = await lines.next();
  const policy = bindPolicy(createPolicy(readHeader(file, first.done === true ? "" : first.value)));
  let events = 0;
  for (let next = await lines.next(); next.done !== true; next = await lines.next()) {
    const { now, event, commands } = JSON.parse(next.value) as RecordedStep;
    const replayed = policy(event, now);
    events++;
    if (!isDeepStrictEqual(replayed, commands)) return { events, differences: [{ line: events + 1, event, recorded: commands, replayed }] };
  }
  return { events, differences: [] };
}

/**
 * The options of the policy that was recorded. @throws MayflyError "bad-request" if the first line does not begin a recording, or was
 * written by another version
 */
export function readHeader(file: string, text: string): PackingOptions {
  const refusal = (what: string, cause?: unknown) => new MayflyError("bad-request", { what: `${file} ${what}` }, cause);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw refusal("is not a recording of the packing policy", error);
  }
  const older = olderHeader.safeParse(parsed);
  if (older.success)
    throw refusal(
      `is a recording of version ${older.data.version}, and this Mayfly reads version 4: record the run again with \`mayfly serve --record\`, or use the Mayfly that recorded it`,
    );
  const read = header.safeParse(parsed);
  if (!read.success) throw refusal("is not a recording of the packing policy", read.error);
  return read.data.options;
}
