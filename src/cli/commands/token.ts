import type { Command } from "commander";
import { type ConnectionOptions, connect, withConnectionOptions } from "../connection.ts";
import { type CredentialOptions, credentialsInWords, requestOf, withCredentialOptions } from "../credentials.ts";
import { asJson } from "../as-json.ts";

type TokenOptions = ConnectionOptions & { json?: true };

export function define(command: Command): void {
  command.addHelpText("after", "\nExample:\n  mayfly token create ci --role deployer --tenant acme --app shop --expires 90d");
  withCredentialOptions(command.command("create"))
    .description("make a token, and its principal if it is new; it is shown once, on standard output")
    .addHelpText(
      "after",
      "\nCommands take it from MAYFLY_TOKEN, and then work in its tenant.\n\nExample:\n  mayfly token create ada --role tenant-admin --tenant acme\n  mayfly token create ci --role deployer --tenant acme --app shop --expires 90d",
    )
    .action(create);
  withConnectionOptions(command.command("list"))
    .description("list tokens, when each expires, and when it was last used; never the tokens themselves")
    .addHelpText("after", "\nExample:\n  mayfly token list --tenant acme")
    .action(list);
  withConnectionOptions(command.command("revoke"))
    .description("revoke a token: it is refused from now on")
    .argument("<id>", "as `mayfly token list` shows it")
    .addHelpText("after", "\nExample:\n  mayfly token revoke tok_7d3kq0v9m2x4y6zb")
    .action(revoke);
}

async function create(principal: string, options: CredentialOptions): Promise<void> {
  const made = await (await connect(options)).client.createToken(requestOf(principal, options));
  if (options.json) return console.log(asJson("token create", made));
  console.log(made.token);
  console.error(`This is the token ${made.id} of ${principal}. It is shown only now.`);
}

async function list(options: TokenOptions): Promise<void> {
  const tokens = await (await connect(options)).client.tokens();
  if (options.json) return console.log(asJson("token list", { tokens }));
  console.log(
    tokens.length === 0 ? "There are no tokens but the operator's, in the state folder." : credentialsInWords(tokens, Date.now()),
  );
}

async function revoke(id: string, options: TokenOptions): Promise<void> {
  await (await connect(options)).client.revokeToken(id);
  console.log(options.json ? asJson("token revoke", { revoked: id }) : `Revoked the token ${id}.`);
}
