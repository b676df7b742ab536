import { type Command, InvalidArgumentError } from "commander";
import type { AliasInfo } from "../../doors/admin/schemas.ts";
import { type Column, renderTable } from "../../base/terminal/table.ts";
import { type ConnectionOptions, connect, withConnectionOptions } from "../connection.ts";

type AliasOptions = ConnectionOptions & { json?: true };

interface TypedTarget {
  revision: string | number;
  weight?: number;
}

const columns: Column<AliasInfo>[] = [
  { title: "ALIAS", cell: ({ name }) => name },
  { title: "REVISIONS", cell: targetsInWords },
];

export function define(command: Command): void {
  command.addHelpText("after", "\nExample:\n  mayfly alias set shop live 3");
  withConnectionOptions(command.command("set"))
    .description("point an alias at a revision, or at several by weight; calls go to `live`")
    .argument("<app>")
    .argument("<alias>", "created if it does not exist")
    .argument(
      "<revision...>",
      "a number, id or digest as `mayfly list --json` shows them; with =weight behind it where there are several",
      collectTarget,
    )
    .addHelpText("after", "\nExample:\n  mayfly alias set shop live 3\n  mayfly alias set shop live 3=90 4=10")
    .action(set);
  withConnectionOptions(command.command("list"))
    .description("list an app's aliases, and the revisions that they name")
    .argument("<app>")
    .addHelpText("after", "\nExample:\n  mayfly alias list shop")
    .action(list);
  withConnectionOptions(command.command("remove"))
    .description("remove an alias; its revisions stay until newer ones replace them")
    .argument("<app>")
    .argument("<alias>")
    .addHelpText("after", "\nExample:\n  mayfly alias remove shop canary")
    .action(remove);
}

async function set(app: string, alias: string, targets: TypedTarget[], options: AliasOptions): Promise<void> {
  const { client } = await connect(options);
  const made = await client.point(app, alias, targets);
  console.log(options.json ? JSON.stringify(made) : `The alias ${alias} of ${app} names ${targetsInWords(made)}.`);
}

async function list(app: string, options: AliasOptions): Promise<void> {
  const aliases = await (await connect(options)).client.aliases(app);
  console.log(options.json ? JSON.stringify({ aliases }) : renderTable(columns, aliases));
}

async function remove(app: string, alias: string, options: AliasOptions): Promise<void> {
  await (await connect(options)).client.removeAlias(app, alias);
  console.log(options.json ? JSON.stringify({ removed: alias }) : `Removed the alias ${alias} of ${app}.`);
}

/** For example "revision 3", or "revision 3 (90 %), revision 4 (10 %)". */
function targetsInWords({ targets }: AliasInfo): string {
  const all = targets.reduce((sum, { weight }) => sum + weight, 0);
  const share = (weight: number) => (targets.length === 1 ? "" : ` (${Number(((100 * weight) / all).toPrecision(3))} %)`);
  return targets.map(({ number, weight }) => `revision ${number}${share(weight)}`).join(", ");
}

/** Parses "3", "3=90" or "rev_…=0.5". */
function collectTarget(text: string, before: TypedTarget[] = []): TypedTarget[] {
  const [, revision, weight] = /^([\w]+)(?:=(\d+\.?\d*|\.\d+))?$/.exec(text) ?? [];
  if (revision === undefined || Number(weight) === 0)
    throw new InvalidArgumentError("It must be a revision's number, id or digest, or <revision>=<weight> with a weight above 0.");
  const named = /^\d{1,9}$/.test(revision) ? Number(revision) : revision;
  return [...before, weight === undefined ? { revision: named } : { revision: named, weight: Number(weight) }];
}
