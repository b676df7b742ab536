import type { Command } from "commander";
import { withApp } from "../app-argument.ts";
import { type ConnectionOptions, connect, withConnectionOptions } from "../connection.ts";
import { movedInWords } from "../targets.ts";
import { asJson } from "../as-json.ts";

export function define(command: Command): void {
  withApp(withConnectionOptions(command), "<app>")
    .argument(
      "[revision]",
      "a number, id or digest as `mayfly versions` shows them, or an alias; by default the canary's revision, or the newest that gets calls",
    )
    .addHelpText("after", "\nExamples:\n  mayfly promote shop\n  mayfly promote shop 7\n  mayfly promote shop next")
    .action(promote);
}

async function promote(app: string, revision: string | undefined, options: ConnectionOptions & { json?: true }): Promise<void> {
  const moved = await (await connect(options)).client.promote(app, revision);
  console.log(options.json ? asJson("promote", moved) : movedInWords(moved));
}
