/** What `mayfly demo` does on its platform, through the same API and gateway as every user, and the text that reports it. */
import { join } from "node:path";
import { type Client, createClient } from "../doors/admin/client.ts";
import type { BillInfo, MachineInfo } from "../doors/admin/schemas.ts";
import { bundleApp } from "../bundle/bundle-app.ts";
import type { Running } from "../main.ts";
import { callMany } from "./call.ts";
import { commandName } from "./command-name.ts";
import type { Summary } from "./latency.ts";
import { projectDir } from "./run-tool.ts";
import { bold, dim } from "../base/terminal/terminal.ts";
import { bytesInWords, millisecondsInWords } from "./units.ts";
import { counted } from "../base/words/counted.ts";

const CALLS = 200;
const CONCURRENCY = 20;

export interface Story {
  driver: { name: string; detail: string };
  gatewayUrl: string;
  apiUrl: string;
  /** The first call's reply. */
  reply: string;
  /** The Server-Timing header of the first call, in ms. */
  timing: Record<string, number>;
  /** From the spawn of the machine to the head of the first reply, measured on the host. */
  coldStartMs: number;
  more: Summary;
  machines: MachineInfo[];
  bill: BillInfo;
}

export async function playStory({ gatewayUrl, apiUrl, token, driver }: Running, progress: (step: string) => void): Promise<Story> {
  const client = createClient({ url: apiUrl, token });
  progress("deploying examples/hello");
  await deployHello(client);
  progress("calling it");
  const url = `${gatewayUrl}/hello/hello`;
  const first = await fetch(url);
  const reply = await first.text();
  if (!first.ok) throw new Error(`the first call failed with ${first.status}: ${reply}`);
  const timing = parseServerTiming(first.headers.get("server-timing") ?? "");
  const more = await callMany({ url: new URL(url), method: "GET", headers: [], body: undefined }, CALLS, CONCURRENCY);
  const bill = await client.bill();
  const machines = (await client.machines()).filter(({ app }) => app === "hello");
  const coldStartMs = (timing.start ?? 0) + (timing.bind ?? 0) + (timing.run ?? 0);
  return { driver, gatewayUrl, apiUrl, reply, timing, coldStartMs, more, machines, bill };
}

async function deployHello(client: Client): Promise<void> {
  const { manifest, bundles } = await bundleApp(join(projectDir, "examples/hello"));
  await client.deploy(manifest, bundles);
}

/** "start;dur=80.1, run;dur=3.2" → { start: 80.1, run: 3.2 } */
function parseServerTiming(header: string): Record<string, number> {
  return Object.fromEntries([...header.matchAll(/([\w-]+);dur=([\d.]+)/g)].map(([, name, ms]) => [name!, Number(ms)]));
}

/** @param stays whether the demo's server still runs when the text is read */
export function storyInWords(
  { driver, gatewayUrl, apiUrl, reply, timing, coldStartMs, more, machines, bill }: Story,
  stays: boolean,
): string {
  const ms = (name: string) => millisecondsInWords(timing[name] ?? 0);
  return [
    "",
    bold("What happened"),
    `  driver       ${driver.detail.replaceAll("; ", ";\n               ")}`,
    `  deployed     examples/hello, as the app hello`,
    `  first call   ${JSON.stringify(reply.trim())} from a machine started for it: ${bold(millisecondsInWords(coldStartMs))} from spawn to first reply`,
    dim(`               (start ${ms("start")}, bind to the app ${ms("bind")}, run ${ms("run")})`),
    `  next calls   ${whereTheyWent(machines, more)}`,
    `  cost so far  ${costInWords(bill)}`,
    "",
    ...(stays ? whereItIs(gatewayUrl, apiUrl) : afterwards),
  ].join("\n");
}

function whereItIs(gatewayUrl: string, apiUrl: string): string[] {
  return [
    bold("Where it is"),
    `  functions    ${gatewayUrl}/hello/hello`,
    `  dashboard    ${apiUrl}/`,
    `  API          ${apiUrl}/openapi.json`,
    "",
    bold("Try next"),
    `  ${commandName} invoke hello/hello?name=Ada`,
    `  ${commandName} invoke hello/hello --repeat 1000 --concurrency 32`,
    `  ${commandName} ps`,
    `  ${commandName} bill hello`,
    dim(`  The demo's server keeps each machine for ten idle minutes (the setting idleMs) and learns nothing from the calls, so that`),
    dim(
      `  all of the calls share one machine. A server of your own learns when to start and end machines: ${commandName} explain shows it.`,
    ),
  ];
}

const afterwards = [
  bold("The demo's server has ended. Try next"),
  `  ${commandName} demo     # the same, staying up for the commands that it names`,
  `  ${commandName} serve    # a server of your own; README.md has the next steps`,
];

function whereTheyWent(machines: MachineInfo[], { calls, latencyMs, ratePerSecond }: Summary): string {
  const figures = `p50 ${millisecondsInWords(latencyMs.p50)}, ${ratePerSecond.toFixed(0)}/s`;
  const [only] = machines;
  if (only === undefined || machines.length > 1)
    return `${calls} went to ${counted(machines.length, "machine")}, ${CONCURRENCY} at a time: ${figures}`;
  const room = `it has ${counted(only.slots.total, "slot")} and holds ${bytesInWords(only.memoryBytes)}`;
  return `${calls} went to the same machine, ${CONCURRENCY} at a time: ${figures}; ${room}`;
}

function costInWords({ total, prices }: BillInfo): string {
  const { cpuRunSeconds, cpuBringUpSeconds, gbSeconds, requests, cost } = total;
  const cpu = `${(cpuRunSeconds + cpuBringUpSeconds).toFixed(2)} s of CPU (${cpuBringUpSeconds.toFixed(2)} s of it to start machines)`;
  return `${cost.toFixed(8)} ${prices.currency}: ${cpu}, ${gbSeconds.toFixed(3)} GB·s of memory, ${counted(requests, "request")}`;
}
