import type { Command } from "commander";
import { withApp } from "../app-argument.ts";
import { type ConnectionOptions, connect, withConnectionOptions } from "../connection.ts";
import { movedInWords } from "../targets.ts";
import { asJson } from "../as-json.ts";

export function define(command: Command): void {
  withApp(withConnectionOptions(command), "<app>")
    .addHelpText(
      "after",
      "\nAll calls go to the revision that had all of them before; called again, it goes to the one before that. Of a canary, it goes to the old revision.\n\nExample:\n  mayfly rollback shop",
    )
    .action(rollback);
}

async function rollback(app: string, options: ConnectionOptions & { json?: true }): Promise<void> {
  const moved = await (await connect(options)).client.rollback(app);
  console.log(options.json ? asJson("rollback", moved) : movedInWords(moved));
}
