import type { Command } from "commander";
import { type ConnectionOptions, connect, withConnectionOptions } from "../../connection.ts";
import { asJson } from "../../as-json.ts";

export function define(appliance: Command): void {
  withConnectionOptions(appliance.command("start").description("start an appliance that was stopped, or that ended"))
    .argument("<name>")
    .addHelpText("after", "\nExample:\n  mayfly appliance start notes-ada")
    .action(start);
}

async function start(name: string, options: ConnectionOptions & { json?: true }): Promise<void> {
  const info = await (await connect(options)).client.startAppliance(name);
  console.log(options.json ? asJson("appliance start", info) : `${name} is ${info.state}`);
}
