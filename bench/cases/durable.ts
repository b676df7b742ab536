/** Durable executions by AWS's SDK: how long one of a hundred steps takes, and whether a step gets slower as the history grows. */
import { join } from "node:path";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import type { BenchOptions } from "../options.ts";
import { appsFolder, type Platform, startPlatform } from "../platform.ts";
import { ms, type Section, times } from "../report.ts";
import { median } from "../statistics.ts";

const FEW = 100;
const MANY = 1_000;
const MOST_MS = 1_000;
const MOST_RATIO = 1.5;
/** So many steps are taken together, because one is as noisy as the disk. */
const AROUND = 20;

export async function durable(options: BenchOptions): Promise<Section[]> {
  const platform = await startPlatform("process", { blanks: 1, idleMs: 600_000 });
  try {
    await platform.deployFolder(join(appsFolder, "durable"), "durable");
    const client = await clientOf(platform);
    await run(client, FEW);
    const whole: number[] = [];
    const ratios: number[] = [];
    for (let round = 0; round < options.rounds; round++) {
      const begin = performance.now();
      await run(client, FEW);
      whole.push(performance.now() - begin);
      const took = durations(await run(client, MANY));
      ratios.push(median(took.slice(-AROUND)) / median(took.slice(AROUND / 2, AROUND + AROUND / 2)));
    }
    client.destroy();
    return [section(median(whole), median(ratios), options)];
  } finally {
    await platform.stop();
  }
}

async function clientOf({ client, apiUrl }: Platform): Promise<LambdaClient> {
  const { id, secret } = await client.createKey({ principal: "bench", role: "operator" });
  const credentials = { accessKeyId: id, secretAccessKey: secret };
  return new LambdaClient({ endpoint: apiUrl, region: "us-east-1", credentials });
}

async function run(client: LambdaClient, steps: number): Promise<number[]> {
  const { Payload, FunctionError } = await client.send(new InvokeCommand({ FunctionName: "durable", Payload: JSON.stringify({ steps }) }));
  const text = Buffer.from(Payload!).toString();
  if (FunctionError !== undefined) throw new Error(text);
  return JSON.parse(text) as number[];
}

function durations(ends: number[]): number[] {
  return ends.map((end, at) => end - (ends[at - 1] ?? 0));
}

function section(whole: number, ratio: number, { rounds }: BenchOptions): Section {
  return {
    title: "Durable executions",
    how: `AWS's SDK in a function, driver process, one execution at a time, each step on the disk before the next; median of ${rounds} rounds. The last ${AROUND} steps of ${MANY} are compared with ${AROUND} around the 20th.`,
    rows: [
      { what: `${FEW} steps, from Invoke to its answer`, measured: ms(whole), target: `≤ ${ms(MOST_MS)}`, reached: whole <= MOST_MS },
      {
        what: `step ${MANY} beside step 20`,
        measured: times(ratio),
        target: `≤ ${times(MOST_RATIO)}`,
        reached: ratio <= MOST_RATIO,
      },
    ],
  };
}
