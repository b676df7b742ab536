import { text } from "node:stream/consumers";
import type { Command } from "commander";
import type { Client } from "../../doors/admin/client.ts";
import type { Manifest } from "../../store/catalog/manifest.ts";
import { MayflyError } from "../../base/errors/error.ts";
import { withApp } from "../app-argument.ts";
import { type ConnectionOptions, connect, withConnectionOptions } from "../connection.ts";
import { yellow } from "../../base/terminal/terminal.ts";
import { namedSecrets } from "../../store/catalog/injections.ts";
import { asJson } from "../as-json.ts";

const EMPTY = "the value is empty; to have no value, remove the secret, and its name from mayfly.json";

type SecretOptions = ConnectionOptions & { json?: true };

export function define(command: Command): void {
  command.addHelpText("after", "\nExample:\n  echo -n s3cret | mayfly secret set shop API_KEY");
  withApp(withConnectionOptions(command.command("set")), "<app>")
    .description("set a secret; the value is read from standard input, so that no shell keeps it")
    .argument("<name>", "as in `secrets` of mayfly.json")
    .option("--value <text>", "the value, if it may be seen in the list of processes")
    .addHelpText(
      "after",
      "\nCalls that come from now on get it; one that runs keeps the value that it began with.\n\nExample:\n  echo -n s3cret | mayfly secret set shop API_KEY",
    )
    .action(set);
  withApp(withConnectionOptions(command.command("list")), "<app>")
    .description("list the names of an app's secrets")
    .addHelpText("after", "\nExample:\n  mayfly secret list shop")
    .action(list);
  withApp(withConnectionOptions(command.command("remove")), "<app>")
    .description("remove a secret")
    .argument("<name>")
    .addHelpText("after", "\nExample:\n  mayfly secret remove shop API_KEY")
    .action(remove);
}

async function set(app: string, name: string, options: SecretOptions & { value?: string }): Promise<void> {
  const { client } = await connect(options);
  const value = options.value ?? (await typedValue());
  if (value === "") throw new MayflyError("not-done", { what: EMPTY });
  await client.setSecret(app, name, value);
  const manifest = await manifestOf(client, app);
  console.log(options.json ? asJson("secret set", { app, set: name, deployed: manifest !== undefined }) : `Set ${name} of ${app}.`);
  if (manifest === undefined) note(`there is no app ${app} yet: the secret is used once one of that name is deployed`);
  else if (!namedSecrets(manifest).includes(name))
    note(`nothing in ${app}'s mayfly.json names ${name}, so it is not used: for its code, list it under "secrets"`);
}

async function list(app: string, options: SecretOptions): Promise<void> {
  const { client } = await connect(options);
  const names = await client.secretNames(app);
  if (options.json) return console.log(asJson("secret list", { app, names }));
  console.log(names.length === 0 ? `${app} has no secrets.` : names.join("\n"));
  if ((await manifestOf(client, app)) === undefined) note(`there is no app ${app}`);
}

async function remove(app: string, name: string, options: SecretOptions): Promise<void> {
  const { client } = await connect(options);
  const wasThere = (await client.secretNames(app)).includes(name);
  await client.removeSecret(app, name);
  if (options.json) return console.log(asJson("secret remove", { app, removed: wasThere ? name : null }));
  console.log(wasThere ? `Removed ${name} of ${app}.` : `${app} had no secret ${name}.`);
}

/** The manifest of the deployed app; undefined if the app does not exist or can't be used. */
async function manifestOf(client: Client, app: string): Promise<Manifest | undefined> {
  try {
    return (await client.app(app)).live?.manifest;
  } catch (error) {
    if (error instanceof MayflyError && error.code === "no-such-app") return undefined;
    throw error;
  }
}

/** Printed on standard error, because another program may read standard output. */
function note(text: string): void {
  console.error(`${yellow("note:", process.stderr)} ${text}`);
}

/** Removes one newline at the end: the shell added it, and it is not part of the secret. */
async function typedValue(): Promise<string> {
  if (process.stdin.isTTY) console.error("Type the value, then Ctrl-D:");
  return (await text(process.stdin)).replace(/\r?\n$/, "");
}
