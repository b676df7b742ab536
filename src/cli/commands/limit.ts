import type { Command } from "commander";
import type { AppLimitsInfo, LimitChanges, LimitsInfo } from "../../doors/admin/schemas.ts";
import { MayflyError } from "../../base/errors/error.ts";
import { withApp } from "../app-argument.ts";
import { type ConnectionOptions, connect, connectionOf, withConnectionOptions } from "../connection.ts";
import { limitNames, limitValue } from "../limit-text.ts";
import { parseLimit, parseWholeLimit, type TypedLimit } from "../limit-values.ts";
import { asJson } from "../as-json.ts";

type LimitOptions = ConnectionOptions & { json?: true };

export function define(command: Command): void {
  command.addHelpText("after", "\nExample:\n  mayfly limit set shop --spend 5 --requests 1000000");
  withApp(withConnectionOptions(command.command("set")), "<app>")
    .description("set what an app may use in a month; at 80 % a line in its log warns, at 100 % its calls get a 429")
    .option("--spend <amount>", "an amount in the currency of the prices, or none", parseLimit)
    .option("--requests <count>", "number of calls, or none", parseWholeLimit)
    .option("--cpu-seconds <seconds>", "CPU time of functions and bring-up together, or none", parseLimit)
    .addHelpText(
      "after",
      "\nA limit that is not named stays as it is. What the app used this month already counts. Limits stay when the app is removed: `--spend none` and so on lift them.\n\nExample:\n  mayfly limit set shop --spend 5 --requests none",
    )
    .action(set);
  withApp(withConnectionOptions(command.command("show")), "<app>")
    .description("show an app's limits; `mayfly bill <app>` shows what is used of them")
    .addHelpText("after", "\nExample:\n  mayfly limit show shop")
    .action(show);
  withConnectionOptions(command.command("list"))
    .description("list every app that has limits")
    .addHelpText("after", "\nExample:\n  mayfly limit list")
    .action(list);
}

async function list(options: LimitOptions): Promise<void> {
  const { apps, currency } = await (await connect(options)).client.allLimits();
  if (options.json) return console.log(asJson("limit list", { apps, currency }));
  console.log(apps.length === 0 ? "No app has limits." : apps.map((one) => limitsInWords({ ...one, currency })).join("\n"));
}

async function set(
  app: string,
  { api, state, tenant, json, ...typed }: LimitOptions & Partial<Record<keyof LimitsInfo, TypedLimit>>,
): Promise<void> {
  const changes: LimitChanges = Object.fromEntries(Object.entries(typed).map(([key, limit]) => [key, limit === "none" ? null : limit]));
  if (Object.keys(changes).length === 0)
    throw new MayflyError("not-done", { what: "no limit was given: use --spend, --requests or --cpu-seconds" });
  const { client } = await connect(connectionOf({ api, state, tenant }));
  print(await client.setLimits(app, changes), json);
}

async function show(app: string, options: LimitOptions): Promise<void> {
  print(await (await connect(options)).client.limits(app), options.json);
}

function print(limits: AppLimitsInfo, json: true | undefined): void {
  console.log(json ? asJson("limit show", limits) : limitsInWords(limits));
}

/** Limits may be set before their app is deployed, and remain when it is removed; the text then says that they apply to the next deploy. */
export function limitsInWords({ app, limits, deployed, currency }: AppLimitsInfo): string {
  const keys = (Object.keys(limitNames) as (keyof LimitsInfo)[]).filter((key) => limits[key] !== null);
  const parts = keys.map((key) => `${limitNames[key]} ${limitValue(key, limits[key]!, currency)}`);
  if (parts.length === 0) return deployed ? `${app} has no limits.` : `${app} has no limits, and there is no app of that name.`;
  const waits = deployed ? "" : " No app of that name is deployed: they count once one is.";
  return `Limits of ${app} a month: ${parts.join(", ")}.${waits}`;
}
