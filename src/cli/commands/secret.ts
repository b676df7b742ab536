import { text } from "node:stream/consumers";
import type { Command } from "commander";
import { type ConnectionOptions, connect, withConnectionOptions } from "../connection.ts";

type Options = ConnectionOptions & { json?: true };

export function define(command: Command): void {
  command.addHelpText("after", "\nExample:\n  echo -n s3cret | mayfly secret set shop API_KEY");
  withConnectionOptions(command.command("set"))
    .description("set a secret; the value is read from standard input, so that no shell keeps it")
    .argument("<app>")
    .argument("<name>", "as in `secrets` of mayfly.json")
    .option("--value <text>", "the value, where its being seen does no harm")
    .addHelpText(
      "after",
      "\nCalls that come from now on get it; one that runs keeps the value that it began with.\n\nExample:\n  echo -n s3cret | mayfly secret set shop API_KEY",
    )
    .action(set);
  withConnectionOptions(command.command("list"))
    .description("list the names of an app's secrets")
    .argument("<app>")
    .addHelpText("after", "\nExample:\n  mayfly secret list shop")
    .action(list);
  withConnectionOptions(command.command("remove"))
    .description("remove a secret")
    .argument("<app>")
    .argument("<name>")
    .addHelpText("after", "\nExample:\n  mayfly secret remove shop API_KEY")
    .action(remove);
}

async function set(app: string, name: string, options: Options & { value?: string }): Promise<void> {
  const { client } = connect(options);
  await client.setSecret(app, name, options.value ?? (await typedValue()));
  console.log(options.json ? JSON.stringify({ app, set: name }) : `Set ${name} of ${app}.`);
}

async function list(app: string, options: Options): Promise<void> {
  const names = await connect(options).client.secretNames(app);
  if (options.json) return console.log(JSON.stringify({ app, names }));
  console.log(names.length === 0 ? `${app} has no secrets.` : names.join("\n"));
}

async function remove(app: string, name: string, options: Options): Promise<void> {
  await connect(options).client.removeSecret(app, name);
  console.log(options.json ? JSON.stringify({ app, removed: name }) : `Removed ${name} of ${app}.`);
}

/** One newline at the end is the shell's, not the secret's. */
async function typedValue(): Promise<string> {
  if (process.stdin.isTTY) console.error("Type the value, then Ctrl-D:");
  return (await text(process.stdin)).replace(/\r?\n$/, "");
}
