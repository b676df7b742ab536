import type { Command } from "commander";
import type { AppInfo } from "../../doors/admin/schemas.ts";
import { type ConnectionOptions, connect, withConnectionOptions } from "../connection.ts";
import { type Column, renderTable } from "../../base/terminal/table.ts";
import { harmless } from "../../base/terminal/terminal.ts";
import { ageInWords } from "../units.ts";

const columns: Column<AppInfo>[] = [
  { title: "APP", cell: ({ app }) => app },
  { title: "FUNCTIONS", cell: ({ live }) => (live === null ? "" : Object.keys(live.manifest.functions).join(", ")) },
  { title: "KERNEL", cell: ({ live }) => (live === null ? "" : (live.manifest.kernel ?? "default")) },
  { title: "REVISION", align: "right", cell: ({ live }) => (live === null ? "" : String(live.number)) },
  { title: "KEPT", align: "right", cell: ({ revisions }) => String(revisions.length) },
  { title: "AGE", align: "right", cell: ({ live }) => (live === null ? "" : ageInWords(Date.now() - live.createdAt)) },
];

export function define(command: Command): void {
  withConnectionOptions(command)
    .addHelpText(
      "after",
      "\nWith --json: every revision of each app, its aliases, and the manifest of what is live.\nKERNEL: the guest kernel that the app chooses; default: the server's setting kernel.\n\nExample:\n  mayfly list",
    )
    .action(list);
}

async function list(options: ConnectionOptions & { json?: true }): Promise<void> {
  const apps = await (await connect(options)).client.apps();
  if (options.json) return console.log(JSON.stringify({ apps }));
  console.log(apps.length === 0 ? "No app is deployed. `mayfly init` writes one to start from." : renderTable(columns, apps));
  for (const { app, problem } of apps) {
    if (problem !== null) console.log(`\n${app} is not served: ${harmless(problem)}\nDeploy it again, or remove it: mayfly remove ${app}`);
  }
}
