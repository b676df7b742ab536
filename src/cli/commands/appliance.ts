import type { Command } from "commander";
import * as list from "./appliance/list.ts";
import * as logs from "./appliance/logs.ts";
import * as remove from "./appliance/remove.ts";
import * as run from "./appliance/run.ts";
import * as start from "./appliance/start.ts";
import * as stop from "./appliance/stop.ts";

/** Each subcommand has a file of its own. */
const subcommands = [run, list, logs, stop, start, remove];

export function define(command: Command): void {
  command.addHelpText(
    "after",
    "\nExample:\n  mayfly appliance run notes --name notes-ada --publish 8101:8000 --env CUSTOMER=Ada --volume ada:/data",
  );
  for (const { define: defineOne } of subcommands) defineOne(command);
}
