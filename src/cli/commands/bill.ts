import { type Command, InvalidArgumentError } from "commander";
import { monthPattern } from "../../store/ledger/month.ts";
import { appBillInWords, billInWords } from "../bill-text.ts";
import { withApp } from "../app-argument.ts";
import { type ConnectionOptions, connect, withConnectionOptions } from "../connection.ts";
import { asJson } from "../as-json.ts";

type BillOptions = ConnectionOptions & { month?: string; json?: true };

export function define(command: Command): void {
  withApp(withConnectionOptions(command), "[app]", "show only this app, with its functions; a removed app keeps its bills")
    .option("--month <YYYY-MM>", "a month (UTC); default: the present one", parseMonth)
    .addHelpText(
      "after",
      "\nCPU and memory are those that the host counted. `mayfly serve` takes the prices from its settings: docs/billing.md. Without an app: every app, in front of those of other tenants than main their tenant; or with --tenant only that tenant's.\n\nExample:\n  mayfly bill shop --month 2026-11\n  mayfly bill --tenant acme",
    )
    .action(bill);
}

async function bill(app: string | undefined, { month, ...options }: BillOptions): Promise<void> {
  const { client } = await connect(options);
  if (app === undefined) {
    const all = await client.bill(month);
    return console.log(options.json ? asJson("bill", all) : billInWords(all, Date.now()));
  }
  const one = await client.appBill(app, month);
  console.log(options.json ? asJson("bill", one) : appBillInWords(one, Date.now()));
}

function parseMonth(text: string): string {
  if (monthPattern.test(text)) return text;
  throw new InvalidArgumentError("It must be a month such as 2026-11.");
}
