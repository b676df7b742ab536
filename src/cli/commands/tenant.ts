import type { Command } from "commander";
import type { TenantInfo, TenantLimitChanges, TenantLimitsInfo } from "../../doors/admin/tenant-schemas.ts";
import { type Column, renderTable } from "../../base/terminal/table.ts";
import { counted } from "../../base/words/counted.ts";
import { type ConnectionOptions, connect, connectionOf, withServerOptions } from "../connection.ts";
import { confirm } from "../confirm.ts";
import { parseLimit, parseWholeLimit, type TypedLimit } from "../limit-values.ts";
import { ageInWords, money } from "../units.ts";
import { asJson } from "../as-json.ts";

type TenantOptions = ConnectionOptions & { json?: true };
type Row = Omit<TenantInfo, "uses">;

/** Each limit with its option, its unit for people, and whether it is a whole number. */
const limits: Record<keyof TenantLimitsInfo, { flag: string; text: string; unit: string; whole: boolean }> = {
  machines: { flag: "--machines <count>", text: "machines of its apps at the same time", unit: "machines", whole: true },
  memoryMb: { flag: "--memory-mb <MB>", text: "memory of these machines together, by their kinds", unit: "MB of memory", whole: true },
  vcpus: { flag: "--vcpus <count>", text: "vCPUs of these machines together", unit: "vCPUs", whole: true },
  startsPerSecond: { flag: "--starts-per-second <count>", text: "machines that its apps get per second", unit: "starts/s", whole: false },
  requestsPerSecond: { flag: "--requests-per-second <count>", text: "calls per second", unit: "requests/s", whole: false },
  codeMb: { flag: "--code-mb <MB>", text: "code of all revisions of its apps", unit: "MB of code", whole: true },
  kvMb: { flag: "--kv-mb <MB>", text: "what key-value stores of its apps hold", unit: "MB in key-value stores", whole: true },
  objectsMb: { flag: "--objects-mb <MB>", text: "what its buckets and those of its apps hold", unit: "MB in buckets", whole: true },
  queuesMb: { flag: "--queues-mb <MB>", text: "what its queues and those of its apps hold", unit: "MB in queues", whole: true },
  logMb: { flag: "--log-mb <MB>", text: "logs of its apps and appliances, 8 at least", unit: "MB of logs", whole: true },
  spend: { flag: "--spend <amount>", text: "a month, in the currency of the prices", unit: "to spend a month", whole: false },
  requests: { flag: "--requests <count>", text: "calls a month", unit: "requests a month", whole: true },
  cpuSeconds: {
    flag: "--cpu-seconds <seconds>",
    text: "CPU time a month, of functions and bring-up",
    unit: "s of CPU time a month",
    whole: false,
  },
};
const names = Object.keys(limits) as (keyof TenantLimitsInfo)[];

const columns: Column<Row>[] = [
  { title: "TENANT", cell: ({ name }) => name },
  { title: "APPS", align: "right", cell: ({ apps }) => String(apps) },
  { title: "APPLIANCES", align: "right", cell: ({ appliances }) => String(appliances) },
  { title: "AGE", align: "right", cell: ({ createdAt }) => (createdAt === null ? "-" : ageInWords(Date.now() - createdAt)) },
  { title: "LIMITS", cell: (row) => limitsInWords(row.limits) },
];

export function define(command: Command): void {
  command.addHelpText("after", "\nExample:\n  mayfly tenant create acme");
  withServerOptions(command.command("create"))
    .description("make a tenant; its apps are called below /@<name>/")
    .argument("<name>", "1 to 40 of a-z, 0-9 and -")
    .addHelpText("after", "\nExample:\n  mayfly tenant create acme\n  mayfly token create ada --role tenant-admin --tenant acme")
    .action(create);
  withServerOptions(command.command("list"))
    .description("list the tenants, and what all apps of each may use together")
    .addHelpText("after", "\nExample:\n  mayfly tenant list")
    .action(list);
  const limit = withServerOptions(command.command("limit"))
    .description("show or set what all apps of a tenant may use together")
    .argument("<name>");
  for (const { flag, text, whole } of Object.values(limits)) limit.option(flag, `${text}, or none`, whole ? parseWholeLimit : parseLimit);
  limit
    .addHelpText(
      "after",
      "\nWithout an option, the limits are shown, and how much of those of a month is used. A limit that is not named stays as it is. docs/tenants.md says how each is enforced.\n\nExample:\n  mayfly tenant limit acme --machines 8 --memory-mb 2048 --requests-per-second 50 --spend 20",
    )
    .action(setLimits);
  withServerOptions(command.command("remove"))
    .description("remove a tenant that has nothing any more")
    .argument("<name>")
    .option("--force", "with its apps, appliances and their disks, secrets, logs, tokens and keys")
    .option("--yes", "do not ask")
    .addHelpText(
      "after",
      "\nIts bills stay, and its part of the audit log for a while.\n\nExample:\n  mayfly tenant remove acme --force --yes",
    )
    .action(remove);
}

async function create(name: string, options: TenantOptions): Promise<void> {
  const made = await (await connect(options)).client.createTenant(name);
  console.log(options.json ? asJson("tenant create", made) : `There is a tenant ${name} now.`);
}

async function list(options: TenantOptions): Promise<void> {
  const tenants = await (await connect(options)).client.tenants();
  console.log(options.json ? asJson("tenant list", { tenants }) : renderTable(columns, tenants));
}

async function setLimits(name: string, { api, state, json, ...typed }: TenantOptions & Typed): Promise<void> {
  const { client } = await connect(connectionOf({ api, state }));
  const given = Object.entries(typed).map(([key, limit]) => [key, limit === "none" ? null : limit]);
  const changes = Object.fromEntries(given) as TenantLimitChanges;
  const shown = given.length === 0 ? await client.tenant(name) : await client.limitTenant(name, changes);
  console.log(json ? asJson("tenant limit", shown) : tenantInWords(shown));
}

type Typed = Partial<Record<keyof TenantLimitsInfo, TypedLimit>>;

export function tenantInWords({ name, limits: set, uses }: TenantInfo): string {
  const all = limitsInWords(set);
  const lines = uses.map(
    ({ limit, used, most }) => `  ${Math.floor((100 * used) / most)} % of ${money(most)} ${limits[limit].unit} is used`,
  );
  return [all === "" ? `${name} has no limits.` : `Limits of ${name}: ${all}.`, ...lines].join("\n");
}

function limitsInWords(set: TenantLimitsInfo): string {
  return names.flatMap((name) => (set[name] === null ? [] : [`${plain(set[name])} ${limits[name].unit}`])).join(", ");
}

/** 0.0000001 and not 1e-7. */
function plain(limit: number): string {
  return limit.toLocaleString("en", { useGrouping: false, maximumFractionDigits: 12 });
}

async function remove(name: string, options: TenantOptions & { force?: true; yes?: true }): Promise<void> {
  const { client } = await connect(options);
  const { apps, appliances } = await client.tenant(name);
  if (!options.yes) await confirm(`Remove the tenant ${name} with its ${counted(apps, "app")} and ${counted(appliances, "appliance")}?`);
  await client.removeTenant(name, options.force ?? false);
  console.log(options.json ? asJson("tenant remove", { removed: name }) : `Removed the tenant ${name}.`);
}
