import type { Command } from "commander";
import { commandName } from "../command-name.ts";
import { confirm } from "../confirm.ts";
import { withApp } from "../app-argument.ts";
import { type ConnectionOptions, connect, withConnectionOptions } from "../connection.ts";
import { yellow } from "../../base/terminal/terminal.ts";
import { counted } from "../../base/words/counted.ts";
import { asJson } from "../as-json.ts";

export function define(command: Command): void {
  withApp(withConnectionOptions(command), "<app>")
    .option("--yes", "do not ask")
    .addHelpText(
      "after",
      "\nRemoves every revision, alias, secret and log of the app, and kills its machines.\n\nExample:\n  mayfly remove hello --yes",
    )
    .action(remove);
}

async function remove(app: string, options: ConnectionOptions & { yes?: true; json?: true }): Promise<void> {
  const { client } = await connect(options);
  const { revisions } = await client.app(app);
  if (!options.yes) await confirm(`Remove ${app} with its ${counted(revisions.length, "revision")}, secrets and logs?`);
  await client.removeApp(app);
  console.log(options.json ? asJson("remove", { removed: app }) : `Removed ${app}.`);
  const { limits } = await client.limits(app);
  if (Object.values(limits).some((limit) => limit !== null))
    console.error(
      `${yellow("note:", process.stderr)} its limits remain, and will apply to a later app of that name: ${commandName} limit show ${app}`,
    );
}
