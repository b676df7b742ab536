import { type Command, InvalidArgumentError } from "commander";
import type { AliasInfo } from "../../doors/admin/schemas.ts";
import { MayflyError } from "../../base/errors/error.ts";
import { counted } from "../../base/words/counted.ts";
import { parseCount } from "../parse.ts";
import { percent } from "../../base/words/percent.ts";
import { type Column, renderTable } from "../../base/terminal/table.ts";
import { withApp } from "../app-argument.ts";
import { type ConnectionOptions, connect, withConnectionOptions } from "../connection.ts";
import { asJson } from "../as-json.ts";

type AliasOptions = ConnectionOptions & { json?: true };

interface TypedTarget {
  revision: string | number;
  weight?: number;
  /** Whether the weight was written with a percent sign. */
  percent: boolean;
}

const columns: Column<AliasInfo>[] = [
  { title: "ALIAS", cell: ({ name }) => name },
  { title: "REVISIONS", cell: inWords },
];
const stickyColumn: Column<AliasInfo> = {
  title: "STICKY",
  cell: ({ sticky }) => (sticky === undefined ? "" : `${sticky.by}:${sticky.name}`),
};
const reservedColumn: Column<AliasInfo> = {
  title: "RESERVED",
  align: "right",
  cell: ({ reserved }) => (reserved === undefined ? "" : String(reserved)),
};

export function define(command: Command): void {
  command.addHelpText("after", "\nExample:\n  mayfly alias set shop live 3");
  withApp(withConnectionOptions(command.command("set")), "<app>")
    .description("point an alias at a revision, or at several by weight; calls go to `live`")
    .argument("<alias>", "created if it does not exist", parseAlias)
    .argument(
      "[revision...]",
      "a number, id or digest as `mayfly list --json` shows them; with =weight or =percent% behind each where there are several",
      collectTarget,
    )
    .option("--sticky <by>", "keep callers at their revision by cookie:<name> or header:<name>; off: not any more", parseSticky)
    .option("--reserved <machines>", "how many machines are kept bound to its revisions, at least", parseCount(0, 1_000))
    .addHelpText(
      "after",
      "\nWithout a revision, the alias stays where it points.\n\nExamples:\n  mayfly alias set shop live 3\n  mayfly alias set shop live 3=90% 4=10% --sticky cookie:session\n  mayfly alias set shop live --reserved 2",
    )
    .action(set);
  withApp(withConnectionOptions(command.command("list")), "<app>")
    .description("list an app's aliases, and the revisions that they name")
    .addHelpText("after", "\nExample:\n  mayfly alias list shop")
    .action(list);
  withApp(withConnectionOptions(command.command("remove")), "<app>")
    .description("remove an alias; its revisions stay until newer ones replace them")
    .argument("<alias>")
    .addHelpText("after", "\nExample:\n  mayfly alias remove shop canary")
    .action(remove);
}

interface SetOptions extends AliasOptions {
  sticky?: NonNullable<AliasInfo["sticky"]> | "off";
  reserved?: number;
}

async function set(app: string, alias: string, targets: TypedTarget[] | undefined, options: SetOptions): Promise<void> {
  const { reserved } = options;
  const sticky = options.sticky === "off" ? null : options.sticky;
  const given = targets ?? [];
  if (given.length === 0 && sticky === undefined && reserved === undefined)
    throw new MayflyError("not-done", { what: "neither a revision nor an option says what is to be set" });
  refuseUnclear(given);
  const { client } = await connect(options);
  const sent = given.map(({ revision, weight }) => (weight === undefined ? { revision } : { revision, weight }));
  const made = await client.point(app, alias, sent.length === 0 ? undefined : sent, { sticky, reserved });
  console.log(options.json ? asJson("alias set", made) : `The alias ${alias} of ${app} names ${inWords(made)}${settingsInWords(made)}.`);
}

/** "; callers stay by the cookie session; 2 machines are reserved". */
function settingsInWords({ sticky, reserved = 0 }: AliasInfo): string {
  const kept = sticky === undefined ? "" : `; callers stay by the ${sticky.by} ${sticky.name}`;
  return reserved === 0 ? kept : `${kept}; ${counted(reserved, "machine")} ${reserved === 1 ? "is" : "are"} reserved`;
}

function parseSticky(text: string): SetOptions["sticky"] {
  if (text === "off") return text;
  const [, by, name] = /^(cookie|header):([!#$%&'*+.^_`|~0-9A-Za-z-]{1,100})$/.exec(text) ?? [];
  if (name === undefined) throw new InvalidArgumentError("It must be cookie:<name>, header:<name>, or off.");
  return { by: by as "cookie" | "header", name };
}

async function list(app: string, options: AliasOptions): Promise<void> {
  const aliases = await (await connect(options)).client.aliases(app);
  // Most aliases have none of these settings.
  const shown = [
    ...columns,
    ...(aliases.some(({ sticky }) => sticky !== undefined) ? [stickyColumn] : []),
    ...(aliases.some(({ reserved }) => reserved !== undefined) ? [reservedColumn] : []),
  ];
  console.log(options.json ? asJson("alias list", { aliases }) : renderTable(shown, aliases));
}

async function remove(app: string, alias: string, options: AliasOptions): Promise<void> {
  await (await connect(options)).client.removeAlias(app, alias);
  console.log(options.json ? asJson("alias remove", { removed: alias }) : `Removed the alias ${alias} of ${app}.`);
}

/** "revision 3", or "revision 3 (90 %), revision 4 (10 %)". */
function inWords({ targets }: AliasInfo): string {
  const all = targets.reduce((sum, { weight }) => sum + weight, 0);
  const share = (weight: number) => (targets.length === 1 ? "" : ` (${percent(weight / all)})`);
  return targets.map(({ number, weight }) => `revision ${number}${share(weight)}`).join(", ");
}

function parseAlias(text: string): string {
  if (text === "") throw new InvalidArgumentError("It must be the name of an alias, such as live.");
  return text;
}

/** Parses "3", "3=90", "3=90%" or "rev_…=0.5". */
export function collectTarget(text: string, before: TypedTarget[] = []): TypedTarget[] {
  const [, revision, weight, sign] = /^([\w]+)(?:=(\d+\.?\d*|\.\d+)(%?))?$/.exec(text) ?? [];
  if (revision === undefined || Number(weight) === 0)
    throw new InvalidArgumentError(
      "It must be a revision's number, id or digest, or <revision>=<weight> with a weight above 0, such as 3=90 or 3=90%.",
    );
  const named = /^\d{1,9}$/.test(revision) ? Number(revision) : revision;
  return [...before, { revision: named, ...(weight !== undefined && { weight: Number(weight) }), percent: sign === "%" }];
}

/** Throws "not-done" if only some of the targets have a weight, or only some a percent sign, or if the percentages are not 100 in all. */
export function refuseUnclear(targets: readonly TypedTarget[]): void {
  const example = targets.map(({ revision }, at) => `${revision}=${at === 0 ? 100 - 10 * (targets.length - 1) : 10}%`).join(" ");
  const refuse = (what: string): never => {
    throw new MayflyError("not-done", { what: `${what}; write, for example, ${example}` });
  };
  const weighted = targets.filter(({ weight }) => weight !== undefined);
  if (weighted.length > 0 && weighted.length < targets.length) refuse("some revisions have a weight, and others have none");
  const inPercent = targets.filter(({ percent: isPercent }) => isPercent);
  if (inPercent.length === 0) return;
  if (inPercent.length < targets.length) refuse("some weights are percentages, and others are not");
  const sum = inPercent.reduce((all, { weight = 0 }) => all + weight, 0);
  if (Math.abs(sum - 100) > 0.5) refuse(`the percentages are ${Number(sum.toFixed(2))} % in all, not 100 %`);
}
