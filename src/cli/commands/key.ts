import type { Command } from "commander";
import { type ConnectionOptions, connect, withConnectionOptions } from "../connection.ts";
import { type CredentialOptions, credentialsInWords, requestOf, withCredentialOptions } from "../credentials.ts";
import { asJson } from "../as-json.ts";

type KeyOptions = ConnectionOptions & { json?: true };

export function define(command: Command): void {
  command.addHelpText("after", "\nExample:\n  mayfly key create ci --role deployer --tenant acme");
  withCredentialOptions(command.command("create"))
    .description("make a key pair for Signature V4, and its principal if it is new; the secret is shown once")
    .addHelpText(
      "after",
      "\nThe two lines on standard output are variables that AWS's clients read.\n\nExample:\n  mayfly key create ci --role deployer --tenant acme --expires 90d",
    )
    .action(create);
  withConnectionOptions(command.command("list"))
    .description("list key pairs, when each expires, and when it was last used; never the secrets")
    .addHelpText("after", "\nExample:\n  mayfly key list --tenant acme")
    .action(list);
  withConnectionOptions(command.command("revoke"))
    .description("revoke a key pair: it is refused from now on")
    .argument("<id>", "its access key id")
    .addHelpText("after", "\nExample:\n  mayfly key revoke MFLYABCDEFGHIJKLMNOP")
    .action(revoke);
}

async function create(principal: string, options: CredentialOptions): Promise<void> {
  const made = await (await connect(options)).client.createKey(requestOf(principal, options));
  if (options.json) return console.log(asJson("key create", made));
  console.log(`AWS_ACCESS_KEY_ID=${made.id}\nAWS_SECRET_ACCESS_KEY=${made.secret}`);
  console.error(`This is a key pair of ${principal}. Its secret is shown only now.`);
}

async function list(options: KeyOptions): Promise<void> {
  const keys = await (await connect(options)).client.keys();
  if (options.json) return console.log(asJson("key list", { keys }));
  console.log(keys.length === 0 ? "There are no key pairs." : credentialsInWords(keys, Date.now()));
}

async function revoke(id: string, options: KeyOptions): Promise<void> {
  await (await connect(options)).client.revokeKey(id);
  console.log(options.json ? asJson("key revoke", { revoked: id }) : `Revoked the key pair ${id}.`);
}
