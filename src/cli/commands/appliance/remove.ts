import type { Command } from "commander";
import { type ConnectionOptions, connect, withConnectionOptions } from "../../connection.ts";
import { asJson } from "../../as-json.ts";

export function define(appliance: Command): void {
  withConnectionOptions(
    appliance.command("remove").description("stop an appliance and remove it with its logs; its cost stays on the bill"),
  )
    .argument("<name>")
    .option("--volumes", "also delete its disks")
    .addHelpText("after", "\nExample:\n  mayfly appliance remove notes-ada --volumes")
    .action(remove);
}

async function remove(name: string, options: ConnectionOptions & { volumes?: true; json?: true }): Promise<void> {
  await (await connect(options)).client.removeAppliance(name, options.volumes ? "remove" : "keep");
  console.log(options.json ? asJson("appliance remove", { removed: name, volumes: options.volumes ?? false }) : `Removed ${name}.`);
}
