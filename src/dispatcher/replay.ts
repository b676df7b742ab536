/** Runs the policy over a recording again, and compares its commands with those recorded. */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { MayflyError } from "../errors/error.ts";
import { createPackingPolicy } from "../policy/packing.ts";
import { bindPolicy } from "./bound-policy.ts";
import type { RecordedStep } from "./recorder.ts";

export type Replay =
  | { same: true; steps: number }
  /** `line` counts from 1, the header included. */
  | { same: false; line: number; recorded: RecordedStep; commands: RecordedStep["commands"] };

const header = z.object({
  recording: z.literal("mayfly-policy"),
  version: z.literal(1),
  policy: z.literal("packing"),
  options: z.object({ blanks: z.number(), idleMs: z.number(), maxMachines: z.number(), memoryMb: z.number(), vcpus: z.number() }),
});

/** Throws "bad-request" where the file is no recording. */
export async function replay(file: string): Promise<Replay> {
  const lines = createInterface({ input: createReadStream(file, "utf8"), crlfDelay: Infinity })[Symbol.asyncIterator]();
  const first = await lines.next();
  const policy = bindPolicy(createPackingPolicy(optionsIn(file, first.done === true ? "" : first.value)));
  let line = 1;
  for (let next = await lines.next(); next.done !== true; next = await lines.next()) {
    line++;
    const recorded = JSON.parse(next.value) as RecordedStep;
    const commands = policy(recorded.event, recorded.now);
    if (!isDeepStrictEqual(commands, recorded.commands)) return { same: false, line, recorded, commands };
  }
  return { same: true, steps: line - 1 };
}

function optionsIn(file: string, text: string) {
  try {
    return header.parse(JSON.parse(text)).options;
  } catch (error) {
    throw new MayflyError("bad-request", { what: `${file} is no recording of the packing policy` }, error);
  }
}
