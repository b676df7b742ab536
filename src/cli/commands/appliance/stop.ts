import type { Command } from "commander";
import { type ConnectionOptions, connect, withConnectionOptions } from "../../connection.ts";
import { asJson } from "../../as-json.ts";

export function define(appliance: Command): void {
  withConnectionOptions(appliance.command("stop").description("stop an appliance in an orderly way; it stays stopped until it is started"))
    .argument("<name>")
    .addHelpText("after", "\nExample:\n  mayfly appliance stop notes-ada")
    .action(stop);
}

async function stop(name: string, options: ConnectionOptions & { json?: true }): Promise<void> {
  const info = await (await connect(options)).client.stopAppliance(name);
  console.log(options.json ? asJson("appliance stop", info) : `${name} is ${info.state}`);
}
