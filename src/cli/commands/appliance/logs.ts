import type { Command } from "commander";
import { connect, withConnectionOptions } from "../../connection.ts";
import { parseCount } from "../../parse.ts";
import { type LogOptions, showLogs } from "../logs.ts";

export function define(appliance: Command): void {
  withConnectionOptions(appliance.command("logs").description("show what an appliance's machine printed, and what happened to it"))
    .argument("<name>")
    .option("-f, --follow", "continue with new lines as they are written")
    .option("-n, --lines <count>", "newest lines to show", parseCount(0, 10_000), 100)
    .addHelpText("after", "\nWith --json: one line of JSON each.\n\nExample:\n  mayfly appliance logs -f notes-ada")
    .action(async (name: string, options: LogOptions) =>
      showLogs((await connect(options)).client, { app: name, tail: options.lines }, options),
    );
}
