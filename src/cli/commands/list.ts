import type { Command } from "commander";
import type { AppInfo } from "../../doors/admin/schemas.ts";
import type { Manifest } from "../../store/catalog/manifest.ts";
import { type ConnectionOptions, connect, withConnectionOptions } from "../connection.ts";
import { type Column, renderTable } from "../../base/terminal/table.ts";
import { harmless } from "../../base/terminal/terminal.ts";
import { runtimesOf } from "../../store/catalog/runtime-of.ts";
import { targetsInWords } from "../targets.ts";
import { ageInWords } from "../units.ts";
import { asJson } from "../as-json.ts";

const columns: Column<AppInfo>[] = [
  { title: "APP", cell: ({ app }) => app },
  { title: "FUNCTIONS", cell: ({ live }) => (live === null ? "" : functionsOf(live.manifest)) },
  { title: "RUNTIMES", cell: ({ live }) => (live === null ? "" : runtimesOf(live.manifest).join(", ")) },
  { title: "KERNEL", cell: ({ live }) => (live === null ? "" : (live.manifest.kernel ?? "default")) },
  { title: "REVISION", align: "right", cell: liveInWords },
  { title: "KEPT", align: "right", cell: ({ revisions }) => String(revisions.length) },
  { title: "AGE", align: "right", cell: ({ live }) => (live === null ? "" : ageInWords(Date.now() - live.createdAt)) },
];

function functionsOf({ functions, static: folder }: Manifest): string {
  const names = Object.keys(functions).join(", ");
  return names === "" ? `(files of ${folder})` : names;
}

/** "3", or "2 90 %, 3 10 %" if calls are split. */
export function liveInWords({ live, aliases }: AppInfo): string {
  if (live === null) return "";
  return targetsInWords(aliases.find(({ name }) => name === "live")?.targets ?? [{ number: live.number, weight: 1 }]);
}

export function define(command: Command): void {
  withConnectionOptions(command)
    .addHelpText(
      "after",
      "\nWith --json: every revision of each app, its aliases, and the manifest of what is live.\nREVISION: what calls go to; if they are split, each revision with its share.\nKEPT: how many revisions are stored; `mayfly versions <app>` lists them. AGE: since the upload of the revision that most calls go to.\nRUNTIMES: what its functions run in, each of which has machines of its own.\nKERNEL: the guest kernel that the app chooses; default: the server's setting kernel.\n\nExample:\n  mayfly list",
    )
    .action(list);
}

async function list(options: ConnectionOptions & { json?: true }): Promise<void> {
  const apps = await (await connect(options)).client.apps();
  if (options.json) return console.log(asJson("list", { apps }));
  console.log(apps.length === 0 ? "No app is deployed. `mayfly init` writes one to start from." : renderTable(columns, apps));
  for (const { app, problem } of apps) {
    if (problem !== null) console.log(`\n${app} is not served: ${harmless(problem)}\nDeploy it again, or remove it: mayfly remove ${app}`);
  }
}
