import { counted } from "../../base/words/counted.ts";
import type { Command } from "commander";
import { percent } from "../../base/words/percent.ts";
import { type Column, renderTable } from "../../base/terminal/table.ts";
import type { AppInfo, CanaryInfo } from "../../doors/admin/schemas.ts";
import { withApp } from "../app-argument.ts";
import { type ConnectionOptions, connect, withConnectionOptions } from "../connection.ts";
import { ageInWords } from "../units.ts";
import { asJson } from "../as-json.ts";

type Revision = AppInfo["revisions"][number];

export function define(command: Command): void {
  withApp(withConnectionOptions(command), "<app>")
    .addHelpText(
      "after",
      "\nLIVE: the revision's share of the calls that name no alias. ALIASES: the other aliases that name it. FUNCTION: whose code the revision is, where AWS Lambda's API deploys the functions of an app one by one; (all): it is put together of those. CANARY: the last time that the revision was a canary. Older revisions that no alias names are removed.\n\nExample:\n  mayfly versions shop",
    )
    .action(versions);
}

async function versions(name: string, options: ConnectionOptions & { json?: true }): Promise<void> {
  const app = await (await connect(options)).client.app(name);
  const { revisions, aliases } = app;
  console.log(options.json ? asJson("versions", { app: name, revisions, aliases }) : versionsInWords(app, Date.now()));
}

export function versionsInWords(app: AppInfo, now: number): string {
  const columns: Column<Revision>[] = [
    { title: "NUMBER", align: "right", cell: ({ number }) => String(number) },
    { title: "ID", cell: ({ id }) => id },
    { title: "DIGEST", cell: ({ digest }) => digest.slice(0, 12) },
    { title: "AGE", align: "right", cell: ({ createdAt }) => ageInWords(now - createdAt) },
    { title: "RUNTIMES", cell: ({ runtimes }) => runtimes.join(", ") },
    { title: "LIVE", align: "right", cell: ({ id }) => shareOf(app, "live", id) ?? "" },
    { title: "ALIASES", cell: ({ id }) => otherAliases(app, id) },
    ...(app.revisions.some((revision) => revision.function !== undefined)
      ? [{ title: "FUNCTION", cell: (revision: Revision) => revision.function ?? "(all)" }]
      : []),
    ...(app.revisions.some(({ canary }) => canary !== undefined)
      ? [{ title: "CANARY", cell: ({ canary }: Revision) => (canary === undefined ? "" : canaryInWords(canary, now)) }]
      : []),
  ];
  return renderTable(columns, app.revisions);
}

/** "running: 4m of 10m, 312 calls of at least 500, 0 failed", or what became of it and why. */
function canaryInWords({ state, startedAt, until, minCalls, calls, why }: CanaryInfo, now: number): string {
  if (state !== "running") return why === null ? stateInWords[state] : `${stateInWords[state]}: ${why}`;
  const { new: fresh } = calls;
  const time = now < until ? `${ageInWords(now - startedAt)} of ${ageInWords(until - startedAt)}` : "its time is over";
  const missing = fresh.calls < minCalls ? ` of at least ${minCalls}` : "";
  return `running: ${time}, ${counted(fresh.calls, "call")}${missing}, ${fresh.failed} failed`;
}

const stateInWords = { running: "running", promoted: "promoted", "rolled-back": "rolled back", replaced: "ended" } as const;

/** The revision's share of an alias's calls; undefined: the alias does not name it. */
function shareOf({ aliases }: AppInfo, alias: string, id: string): string | undefined {
  const targets = aliases.find(({ name }) => name === alias)?.targets ?? [];
  const found = targets.find(({ revision }) => revision === id);
  return found && percent(found.weight / targets.reduce((sum, { weight }) => sum + weight, 0));
}

/** "next, canary 10 %": the share stands only where an alias names several revisions. */
function otherAliases(app: AppInfo, id: string): string {
  return app.aliases
    .filter(({ name, targets }) => name !== "live" && targets.some(({ revision }) => revision === id))
    .map(({ name, targets }) => (targets.length === 1 ? name : `${name} ${shareOf(app, name, id)}`))
    .join(", ");
}
