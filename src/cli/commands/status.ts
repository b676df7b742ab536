import type { Command } from "commander";
import type { StatusInfo } from "../../doors/admin/schemas.ts";
import { MayflyError } from "../../base/errors/error.ts";
import type { ErrorCode } from "../../base/errors/table.ts";
import { isAlive } from "../../store/state-folder/lock.ts";
import { lackingReserves } from "../../store/state-folder/look-at-reserves.ts";
import { readRecord, type SupervisorRecord } from "../../supervisor/record.ts";
import { commandName } from "../command-name.ts";
import { connect, type ConnectionOptions, stateDirOf, withServerOptions } from "../connection.ts";
import { ExitCode } from "../exit-codes.ts";
import { harmless } from "../../base/terminal/terminal.ts";
import { counted } from "../../base/words/counted.ts";
import { ageInWords } from "../units.ts";
import { asJson } from "../as-json.ts";

export function define(command: Command): void {
  withServerOptions(command)
    .addHelpText(
      "after",
      "\nEnds with 0 if it is up and well, 1 if it is up and needs a look (a damaged image, a full disk, an appliance that is down, a worker that died within the last ten minutes), 4 if it is not up, or shutting down.\n\nExample:\n  mayfly status || mayfly status --json",
    )
    .action(status);
}

/** Deaths that are older than this are not reported. */
const RECENT_MS = 600_000;

async function status(options: ConnectionOptions & { json?: true }): Promise<void> {
  try {
    const info = await (await connect(options, { waitMs: 0 })).client.status();
    const concerns = concernsOf(info, Date.now());
    console.log(options.json ? asJson("status", { state: "up", ...info, concerns }) : inWords(info, concerns));
    if (concerns.length > 0) process.exitCode = ExitCode.Failed;
  } catch (error) {
    const record = error instanceof MayflyError && notUp.has(error.code) ? readRecord(stateDirOf(options)) : undefined;
    // The record of a supervisor that is gone says nothing about the present.
    if (record === undefined || !isAlive(record.pid) || options.api !== undefined) throw error;
    console.log(options.json ? asJson("status", record) : withoutWorker(record));
    process.exitCode = ExitCode.Unreachable;
  }
}

const notUp = new Set<ErrorCode>(["api-unreachable", "connection-lost", "server-starting", "shutting-down"]);

function concernsOf({ deaths, driver, appliances, reserves }: StatusInfo, now: number): string[] {
  const last = deaths.at(-1);
  return [
    ...(last !== undefined && now - last.at < RECENT_MS ? [`the worker died ${ageInWords(now - last.at)} ago: ${last.reason}`] : []),
    ...(driver.damage === null
      ? []
      : [`the image that machines start from is damaged, and no machine starts until it is built anew: ${driver.damage}`]),
    ...lackingReserves(reserves).map((lack) => `the reserve for removals on a full disk is not whole, ${lack}: free some of the disk`),
    ...appliances.leftAlone.map((name) => `the appliance ${name} is left alone: ${commandName} appliance start ${name}`),
    ...appliances.waiting.map(({ name, reason }) => `the appliance ${name} is down, and started soon: ${reason}`),
  ];
}

function inWords(info: StatusInfo, concerns: string[]): string {
  const { version, pid, worker, since, upSince, restarts, deaths, driver, apps, machines, runtimes, appliances } = info;
  const now = Date.now();
  const last = deaths.at(-1);
  return [
    `Mayfly ${version} is up${concerns.length > 0 ? ", and needs a look" : ""}.`,
    `  pid         ${pid}, for ${ageInWords(now - since)}; its worker ${worker}, for ${ageInWords(now - upSince)}`,
    `  restarts    ${restarts}${last === undefined ? "" : `; the last ${ageInWords(now - last.at)} ago (${new Date(last.at).toISOString()}): ${last.reason}`}`,
    `  driver      ${driver.detail}`,
    `  apps        ${apps}`,
    `  machines    ${machines}${machines === 0 ? "" : ` (${countsInWords(runtimes)})`}`,
    `  appliances  ${appliances.running} of ${appliances.total} running`,
    ...concerns.map((concern) => `  look at     ${concern}`),
  ]
    .map(harmless)
    .join("\n");
}

/** "3 node, 1 python" */
function countsInWords(runtimes: StatusInfo["runtimes"]): string {
  return Object.entries(runtimes)
    .map(([runtime, count]) => `${count} ${runtime}`)
    .join(", ");
}

const inState = { up: "not answering", starting: "starting", restarting: "being replaced" };

function withoutWorker({ pid, state, calls, restarts, deaths }: SupervisorRecord): string {
  const last = deaths.at(-1);
  const inFlight = calls === undefined ? "" : `, with ${counted(calls, "call")} in flight`;
  return [
    state === "stopping" ? `Mayfly is shutting down${inFlight}.` : `Mayfly is not up: its worker is ${inState[state]}.`,
    `  pid         ${pid}`,
    `  restarts    ${restarts}`,
    ...(last === undefined ? [] : [`  last death  ${new Date(last.at).toISOString()}, after ${ageInWords(last.livedMs)}: ${last.reason}`]),
  ]
    .map(harmless)
    .join("\n");
}
