import type { Command } from "commander";
import { type Column, renderTable } from "../../base/terminal/table.ts";
import { harmless } from "../../base/terminal/terminal.ts";
import type { TriggerInfo } from "../../doors/admin/trigger-schemas.ts";
import { withApp } from "../app-argument.ts";
import { type ConnectionOptions, connect, withConnectionOptions } from "../connection.ts";
import { givenJson } from "../given-json.ts";
import { ageInWords } from "../units.ts";
import { asJson } from "../as-json.ts";

type TriggerOptions = ConnectionOptions & { json?: true };

const columns: Column<TriggerInfo>[] = [
  { title: "TRIGGER", cell: ({ name }) => name },
  { title: "FUNCTION", cell: (trigger) => trigger.function },
  { title: "WHEN", cell: whenInWords },
  {
    title: "LAST",
    cell: ({ last, kind }) => (last === null ? (kind === "queue" ? "" : "never") : `${ageInWords(Date.now() - last.at)} ago`),
  },
  { title: "NEXT", cell: nextInWords },
  { title: "FIRED", align: "right", cell: ({ fired, kind }) => (kind === "queue" && fired === 0 ? "" : String(fired)) },
  { title: "MISSED", align: "right", cell: ({ missed }) => String(missed) },
];

/** Letters of a pattern, of which --json has all. */
const MOST_PATTERN = 60;

export function define(command: Command): void {
  command.addHelpText("after", "\nExample:\n  mayfly trigger list shop");
  withApp(withConnectionOptions(command.command("list")), "<app>")
    .description("list what starts an app's functions besides calls, with the last and the next times")
    .addHelpText("after", "\nExample:\n  mayfly trigger list shop")
    .action(list);
  withApp(withConnectionOptions(command.command("fire")), "<app>")
    .description("start a trigger's function at once, also while the trigger is paused")
    .argument("<trigger>")
    .option(
      "--data <json>",
      "what the function gets as its event; @file reads a file, @- standard input; by default a sample of what comes for such a trigger",
    )
    .addHelpText("after", "\nExample:\n  mayfly trigger fire shop nightly")
    .action(fire);
  withApp(withConnectionOptions(command.command("pause")), "<app>")
    .description("let a trigger start nothing until resume")
    .argument("<trigger>")
    .addHelpText("after", "\nExample:\n  mayfly trigger pause shop nightly")
    .action((app: string, name: string, options: TriggerOptions) => pause(app, name, true, options));
  withApp(withConnectionOptions(command.command("resume")), "<app>")
    .description("let a trigger go on")
    .argument("<trigger>")
    .addHelpText("after", "\nExample:\n  mayfly trigger resume shop nightly")
    .action((app: string, name: string, options: TriggerOptions) => pause(app, name, false, options));
}

async function list(app: string, options: TriggerOptions): Promise<void> {
  const triggers = await (await connect(options)).client.triggers(app);
  console.log(options.json ? asJson("trigger list", triggers) : renderTable(columns, triggers));
}

async function fire(app: string, name: string, options: TriggerOptions & { data?: string }): Promise<void> {
  const { data } = options;
  const payload = data === undefined ? {} : { payload: givenJson("--data", data) };
  const accepted = await (await connect(options)).client.fireTrigger(app, name, payload);
  console.log(options.json ? asJson("trigger fire", accepted) : `Accepted as the event ${accepted.id}.`);
}

async function pause(app: string, name: string, paused: boolean, options: TriggerOptions): Promise<void> {
  await (await connect(options)).client.pauseTrigger(app, name, paused);
  const inWords = paused ? `${name} starts nothing until \`mayfly trigger resume ${app} ${name}\`.` : `${name} goes on.`;
  console.log(options.json ? asJson("trigger pause", { trigger: name, paused }) : inWords);
}

function whenInWords({ kind, definition, path }: TriggerInfo): string {
  const {
    schedule,
    timeZone = "UTC",
    webhook,
    kv,
    prefix,
    suffix,
    queue,
    bucket,
    event,
    events,
  } = definition as Partial<Record<"schedule" | "timeZone" | "webhook" | "kv" | "prefix" | "suffix" | "queue" | "bucket", string>> & {
    event?: { bus: string; pattern: object };
    events?: string[];
  };
  if (schedule !== undefined) return harmless(timeZone === "UTC" ? schedule : `${schedule} ${timeZone}`);
  if (kv !== undefined) return harmless(`changes of ${kv}${prefix === undefined ? "" : `, keys ${prefix}…`}`);
  if (queue !== undefined) return harmless(`messages of the queue ${queue}`);
  if (bucket !== undefined) return harmless(`objects ${(events ?? []).join(" or ")} in ${bucket}${keysInWords(prefix, suffix)}`);
  if (event !== undefined) return harmless(`events of the bus ${event.bus} like ${shortened(JSON.stringify(event.pattern))}`);
  return `${webhook ?? kind} at ${path}`;
}

function shortened(text: string): string {
  return text.length > MOST_PATTERN ? `${text.slice(0, MOST_PATTERN)}…` : text;
}

function keysInWords(prefix: string | undefined, suffix: string | undefined): string {
  return prefix === undefined && suffix === undefined ? "" : `, keys ${prefix ?? ""}…${suffix ?? ""}`;
}

function nextInWords({ kind, paused, firesAt, why }: TriggerInfo): string {
  if (paused) return "paused";
  if (kind !== "schedule") return "";
  const next = firesAt === null ? "never again" : `in ${ageInWords(Math.max(0, firesAt - Date.now()))}`;
  return why === null ? next : `${next}: ${harmless(why).slice(0, 200)}`;
}
