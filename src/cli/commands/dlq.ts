import type { Command } from "commander";
import { renderTable } from "../../base/terminal/table.ts";
import { counted } from "../../base/words/counted.ts";
import { confirm } from "../confirm.ts";
import { withApp } from "../app-argument.ts";
import { type ConnectionOptions, connect, withConnectionOptions } from "../connection.ts";
import { parseCount } from "../parse.ts";
import { eventColumns, eventInWords, tellOfMore } from "./events.ts";
import { asJson } from "../as-json.ts";

type DlqOptions = ConnectionOptions & { json?: true };

export function define(command: Command): void {
  command.addHelpText("after", "\nExample:\n  mayfly dlq list shop");
  withApp(withConnectionOptions(command.command("list")), "<app>")
    .description("list the events of an app that were given up, the newest first")
    .option("--limit <count>", "at most this many", parseCount(1, 500), 50)
    .option("--before <number>", "those of the next page, which the page before names", parseCount(1, Number.MAX_SAFE_INTEGER))
    .addHelpText("after", "\nExample:\n  mayfly dlq list shop")
    .action(list);
  withApp(withConnectionOptions(command.command("show")), "<app>")
    .description("show a dead letter, with its payload")
    .argument("<event>")
    .addHelpText("after", "\nExample:\n  mayfly dlq show shop 018f2b6c-…")
    .action(show);
  withApp(withConnectionOptions(command.command("redrive")), "<app>")
    .description("run dead letters again, all or some")
    .argument("[event...]", "by default all")
    .addHelpText("after", "\nExample:\n  mayfly dlq redrive shop")
    .action(redrive);
  withApp(withConnectionOptions(command.command("purge")), "<app>")
    .description("remove dead letters, all or some")
    .argument("[event...]", "by default all")
    .option("--yes", "do not ask")
    .addHelpText("after", "\nExample:\n  mayfly dlq purge shop --yes")
    .action(purge);
}

async function list(app: string, { limit, before, ...options }: DlqOptions & { limit: number; before?: number }): Promise<void> {
  const page = await (await connect(options)).client.deadLetters(app, { limit, ...(before !== undefined && { before }) });
  if (options.json) return console.log(asJson("dlq list", page));
  console.log(renderTable(eventColumns, page.events));
  tellOfMore(page.next);
}

async function show(app: string, id: string, options: DlqOptions): Promise<void> {
  const event = await (await connect(options)).client.event(app, id);
  console.log(options.json ? asJson("dlq show", event) : eventInWords(event));
}

async function redrive(app: string, ids: string[], options: DlqOptions): Promise<void> {
  const { count } = await (await connect(options)).client.redriveDeadLetters(app, ids);
  console.log(options.json ? asJson("dlq redrive", { count }) : `${counted(count, "event")} of ${app} will run again.`);
}

async function purge(app: string, ids: string[], options: DlqOptions & { yes?: true }): Promise<void> {
  if (!options.yes) await confirm(`Remove ${ids.length === 0 ? "all dead letters" : counted(ids.length, "dead letter")} of ${app}?`);
  const { count } = await (await connect(options)).client.purgeDeadLetters(app, ids);
  console.log(options.json ? asJson("dlq purge", { count }) : `Removed ${counted(count, "dead letter")} of ${app}.`);
}
