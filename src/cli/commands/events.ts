import type { Command } from "commander";
import { MayflyError } from "../../base/errors/error.ts";
import { type Column, renderTable } from "../../base/terminal/table.ts";
import { harmless } from "../../base/terminal/terminal.ts";
import type { EventDetail, EventInfo } from "../../doors/admin/event-schemas.ts";
import { withApp } from "../app-argument.ts";
import { type ConnectionOptions, connect, withConnectionOptions } from "../connection.ts";
import { givenJson } from "../given-json.ts";
import { parseCount } from "../parse.ts";
import { ageInWords } from "../units.ts";
import { asJson } from "../as-json.ts";

type EventOptions = ConnectionOptions & { json?: true };

export const eventColumns: Column<EventInfo>[] = [
  { title: "EVENT", cell: ({ id }) => id },
  { title: "FUNCTION", cell: (event) => event.function },
  { title: "STATE", cell: ({ state }) => state },
  { title: "FROM", cell: ({ source: { kind, name } }) => (name === undefined ? kind : `${kind} ${name}`) },
  { title: "AGE", align: "right", cell: ({ acceptedAt }) => ageInWords(Date.now() - acceptedAt) },
  { title: "ATTEMPTS", align: "right", cell: ({ attempts }) => String(attempts) },
  { title: "WHY", cell: whyInWords },
];

export function define(command: Command): void {
  command.addHelpText("after", "\nExample:\n  mayfly events list shop");
  withApp(withConnectionOptions(command.command("send")), "<app>")
    .description("call a function later: returns when the event is on the disk")
    .argument("<function>")
    .option("--data <json>", "what the function gets as its event; @file reads a file, @- standard input", "{}")
    .option("--delay <seconds>", "not before that", parseCount(0, 31_622_400))
    .option("--key <text>", "a second event with this key is not taken")
    .option("--order <text>", "events of the function with the same text run one after the other")
    .option("--priority <number>", "of the function's events, those with the highest run first", parseCount(-100, 100))
    .addHelpText("after", "\nExample:\n  mayfly events send shop pay --data '{\"order\":7}' --key order-7")
    .action(send);
  withApp(withConnectionOptions(command.command("list")), "<app>")
    .description("list an app's events, the newest first")
    .option("--only <state>", "open: those that wait or run; ended: those that have ended")
    .option("--limit <count>", "at most this many", parseCount(1, 500), 50)
    .option("--before <number>", "those of the next page, which the page before names", parseCount(1, Number.MAX_SAFE_INTEGER))
    .addHelpText("after", "\nExample:\n  mayfly events list shop --only open")
    .action(list);
  withApp(withConnectionOptions(command.command("show")), "<app>")
    .description("show an event, with its payload or its result")
    .argument("<event>")
    .addHelpText("after", "\nExample:\n  mayfly events show shop 018f2b6c-…")
    .action(show);
  withApp(withConnectionOptions(command.command("retry")), "<app>")
    .description("run an event at once that waits for its time or for its next attempt")
    .argument("<event>")
    .addHelpText("after", "\nExample:\n  mayfly events retry shop 018f2b6c-…")
    .action(retry);
  withApp(withConnectionOptions(command.command("cancel")), "<app>")
    .description("end an event without a further attempt")
    .argument("<event>")
    .addHelpText("after", "\nExample:\n  mayfly events cancel shop 018f2b6c-…")
    .action(cancel);
  withApp(withConnectionOptions(command.command("pause")), "<app>")
    .description("let a function's events wait until resume")
    .argument("<function>")
    .addHelpText("after", "\nExample:\n  mayfly events pause shop pay")
    .action((app: string, name: string, options: EventOptions) => pause(app, name, true, options));
  withApp(withConnectionOptions(command.command("resume")), "<app>")
    .description("let a function's events go on")
    .argument("<function>")
    .addHelpText("after", "\nExample:\n  mayfly events resume shop pay")
    .action((app: string, name: string, options: EventOptions) => pause(app, name, false, options));
}

interface SendOptions extends EventOptions {
  data: string;
  delay?: number;
  key?: string;
  order?: string;
  priority?: number;
}

async function send(app: string, name: string, options: SendOptions): Promise<void> {
  const { data, delay, key, order, priority } = options;
  const accepted = await (
    await connect(options)
  ).client.acceptEvent(app, name, {
    payload: givenJson("--data", data),
    ...(delay !== undefined && { delayS: delay }),
    ...(key !== undefined && { idempotencyKey: key }),
    ...(order !== undefined && { orderKey: order }),
    ...(priority !== undefined && { priority }),
  });
  const inWords = accepted.isNew ? `Accepted as ${accepted.id}.` : `It was accepted before, as ${accepted.id}.`;
  console.log(options.json ? asJson("events send", accepted) : inWords);
}

async function list(app: string, options: EventOptions & { only?: string; limit: number; before?: number }): Promise<void> {
  const { only: state = "all", limit, before } = options;
  if (state !== "open" && state !== "ended" && state !== "all")
    throw new MayflyError("not-done", { what: `--only is ${state}, and can be open or ended` });
  const page = await (await connect(options)).client.events(app, { state, limit, ...(before !== undefined && { before }) });
  if (options.json) return console.log(asJson("events list", page));
  console.log(renderTable(eventColumns, page.events));
  tellOfMore(page.next);
}

/** @param next of the page */
export function tellOfMore(next: number | null): void {
  if (next !== null) console.log(`There are more: --before ${next}`);
}

async function show(app: string, id: string, options: EventOptions): Promise<void> {
  const event = await (await connect(options)).client.event(app, id);
  console.log(options.json ? asJson("events show", event) : eventInWords(event));
}

export function eventInWords(event: EventDetail): string {
  const { payload, result, waitsFor } = event;
  const lines = [renderTable(eventColumns, [event])];
  if (waitsFor !== null) lines.push(harmless(waitsFor));
  if (payload !== null) lines.push(`Payload:\n${harmless(payload)}`);
  if (result !== null) lines.push(`Result:\n${harmless(result)}`);
  return lines.join("\n");
}

async function retry(app: string, id: string, options: EventOptions): Promise<void> {
  await (await connect(options)).client.retryEvent(app, id);
  console.log(options.json ? asJson("events retry", { retried: id }) : `The event ${id} runs now, or as soon as there is room.`);
}

async function cancel(app: string, id: string, options: EventOptions): Promise<void> {
  await (await connect(options)).client.cancelEvent(app, id);
  console.log(options.json ? asJson("events cancel", { cancelled: id }) : `The event ${id} is cancelled.`);
}

async function pause(app: string, name: string, paused: boolean, options: EventOptions): Promise<void> {
  await (await connect(options)).client.pauseEvents(app, name, paused);
  const inWords = paused ? `Events of ${name} wait until \`mayfly events resume ${app} ${name}\`.` : `Events of ${name} go on.`;
  console.log(options.json ? asJson("events pause", { function: name, paused }) : inWords);
}

function whyInWords({ why, state, dueAt }: EventInfo): string {
  const text = why === null ? "" : harmless(why).slice(0, 200);
  if (state !== "delayed" || dueAt === null) return text;
  const wait = `runs in ${ageInWords(Math.max(0, dueAt - Date.now()))}`;
  return text === "" ? wait : `${wait}: ${text}`;
}
