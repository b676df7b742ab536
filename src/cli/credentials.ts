/** What `mayfly token` and `mayfly key` have in common. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { type Column, renderTable } from "../base/terminal/table.ts";
import type { CredentialInfo, NewCredential } from "../doors/admin/tenant-schemas.ts";
import { ROLES, type Role } from "../store/principals/principal.ts";
import { type ConnectionOptions, withConnectionOptions } from "./connection.ts";
import { ageInWords } from "./units.ts";

export interface CredentialOptions extends ConnectionOptions {
  role: Role;
  app?: string[];
  allTenants?: true;
  /** Seconds. */
  expires: number | "never";
  json?: true;
}

export function withCredentialOptions(command: Command): Command {
  return withConnectionOptions(command)
    .argument("<principal>", "who it is for: a name of your choice")
    .addOption(new Option("--role <role>", "what the principal may do: docs/tenants.md").choices(ROLES).makeOptionMandatory())
    .option("--app <name>", "an app that the principal is bounded to; may be repeated; default: all of the tenant", collect)
    .option("--all-tenants", "the principal is of the whole server, as an operator always is")
    .option("--expires <time>", "such as 12h or 90d, or never", parseLifetime, "never");
}

export function requestOf(principal: string, { role, app, allTenants, expires }: CredentialOptions): NewCredential {
  return { principal, role, apps: app ?? null, allTenants: allTenants ?? false, expiresInSeconds: expires === "never" ? null : expires };
}

export function credentialsInWords(all: CredentialInfo[], now: number): string {
  const columns: Column<CredentialInfo>[] = [
    { title: "ID", cell: ({ id }) => id },
    { title: "PRINCIPAL", cell: ({ principal }) => principal },
    { title: "ROLE", cell: ({ role }) => role },
    { title: "TENANT", cell: ({ tenant }) => tenant ?? "(all)" },
    { title: "APPS", cell: ({ apps }) => apps?.join(", ") ?? "(all)" },
    { title: "AGE", align: "right", cell: ({ createdAt }) => ageInWords(now - createdAt) },
    { title: "EXPIRES", align: "right", cell: ({ expiresAt }) => (expiresAt === null ? "never" : expiryInWords(expiresAt - now)) },
    {
      title: "LAST USED",
      align: "right",
      cell: ({ lastUsedAt }) => (lastUsedAt === null ? "never" : `${ageInWords(now - lastUsedAt)} ago`),
    },
  ];
  return renderTable(columns, all);
}

function expiryInWords(leftMs: number): string {
  return leftMs <= 0 ? "expired" : `in ${ageInWords(leftMs)}`;
}

function collect(name: string, earlier: string[] = []): string[] {
  return [...earlier, name];
}

const SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** "90d" in seconds. "never" stays a word: commander makes an empty text of a null. */
function parseLifetime(text: string): number | "never" {
  if (text === "never") return text;
  const [, count, unit] = /^([1-9]\d{0,8})([smhd])$/.exec(text) ?? [];
  if (count === undefined) throw new InvalidArgumentError("It must be a number with s, m, h or d behind it, such as 90d, or never.");
  return Number(count) * SECONDS[unit as keyof typeof SECONDS];
}
