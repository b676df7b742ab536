import type { Command } from "commander";
import type { AuditLine } from "../../doors/admin/client.ts";
import { counted } from "../../base/words/counted.ts";
import { dim, harmless, red } from "../../base/terminal/terminal.ts";
import { type ConnectionOptions, connect, withConnectionOptions } from "../connection.ts";
import { parseCount } from "../parse.ts";
import { sayWhyItEnded } from "./logs.ts";
import { asJson } from "../as-json.ts";

type AuditOptions = ConnectionOptions & { follow?: true; lines: number; json?: true };

export function define(command: Command): void {
  withConnectionOptions(command)
    .option("-f, --follow", "continue with new lines as they are written")
    .option("-n, --lines <count>", "newest lines to show", parseCount(0, 10_000), 100)
    .addHelpText(
      "after",
      "\nThe operator sees what was done on the whole server, or with --tenant to and by one tenant; a tenant-admin sees its own. With --json: one line of JSON each.\n\nExample:\n  mayfly audit -n 20 --tenant acme",
    )
    .action(audit);
}

async function audit(options: AuditOptions): Promise<void> {
  const { client } = await connect(options);
  const print = (line: AuditLine) => console.log(options.json ? asJson("audit", line) : auditInWords(line));
  const query = { tail: options.lines };
  if (!options.follow) return (await client.audit(query)).forEach(print);
  for await (const line of client.followAudit(query)) print(line);
  await sayWhyItEnded(client);
}

/** "2026-11-30T12:00:00.000Z 192.0.2.1 ada@acme deploy @acme/shop ok". What callers choose is made harmless, so that no name can look like another line. */
export function auditInWords({ at, address, principal, of, action, tenant, target, result, calls }: AuditLine): string {
  const who = principal === null ? "(unknown token)" : of === null ? principal : `${principal}@${of}`;
  // What is done to a tenant has its name twice.
  const named = /tenant$/i.test(action) && target === tenant ? "" : target;
  const what = [tenant === null ? "" : `@${tenant}`, named].filter((part) => part !== "").join("/");
  const times = calls === undefined ? "" : ` (${counted(calls, "such call")} more)`;
  const outcome = result === "ok" ? result : red(result);
  return `${dim(new Date(at).toISOString())} ${oneLine([address, who, action, what || "-"].join(" "))} ${outcome}${times}`;
}

function oneLine(text: string): string {
  return harmless(text.replaceAll("\n", "\\n"));
}
