import { lineInWords, quantityInWords } from "../../../model/bill-words.ts";
import { money, number, times } from "../../../model/format.ts";
import type { AppBillReply } from "../../../model/replies.ts";
import { ask } from "../../api.ts";
import { Card } from "../../parts/page.tsx";
import { Shown } from "../../parts/shown.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { useData } from "../../use-data.ts";
import { Limits } from "./limits.tsx";
import { Secrets } from "./secrets.tsx";
import type { TabProps } from "./tab.ts";

export function CostTab({ path }: TabProps) {
  const bill = useData<AppBillReply>((signal) => ask(`${path}/bill`, { signal }), [path], 30_000);
  return (
    <div class="stack">
      <Shown loaded={bill} height={240}>
        {(data) => (
          <>
            <Bill {...data} />
            <Limits path={path} currency={data.prices.currency} used={data.bill.limits} onChange={bill.reload} />
          </>
        )}
      </Shown>
      <Secrets path={path} />
    </div>
  );
}

type Line = AppBillReply["bill"]["lines"][number];
type OfFunction = AppBillReply["bill"]["functions"][number];

function Bill({ month, prices: { currency }, bill }: AppBillReply) {
  const cheaper = times(bill.wallClock.cost, bill.cost);
  const lines: Column<Line>[] = [
    { title: "What", cell: ({ what }) => lineInWords(what) },
    {
      title: "Used",
      about: "CPU in seconds (s); memory in GB·s, where 1 is a GB that is held for a second; how many calls, reads and writes there were.",
      isNumber: true,
      cell: ({ quantity, unit }) => quantityInWords(quantity, unit),
    },
    { title: "Cost", isNumber: true, cell: ({ cost }) => money(cost, currency) },
  ];
  const functions: Column<OfFunction>[] = [
    { title: "Function", cell: ({ function: name }) => <code>{name}</code> },
    { title: "Calls", isNumber: true, cell: ({ requests }) => number(requests) },
    {
      title: "Wall time",
      about: "How long the function's calls took, all of them added up, waits of the function included.",
      isNumber: true,
      cell: ({ wallSeconds }) => `${number(wallSeconds)} s`,
    },
    { title: "Cost", isNumber: true, cell: ({ cost }) => money(cost, currency) },
  ];
  return (
    <>
      <Card title="Bill" about={`${month} (UTC), so far`}>
        <p class="big number">{money(bill.cost, currency)}</p>
        <p class="muted spent-words">
          CPU time and memory that were used. At wall-clock prices {money(bill.wallClock.cost, currency)}
          {cheaper !== undefined && bill.wallClock.cost > bill.cost && `, ${cheaper} as much`}.
        </p>
        <Table
          label="Lines of the bill"
          columns={lines}
          rows={bill.lines}
          keyOf={({ what }) => what}
          empty="Nothing was used this month."
        />
      </Card>
      <Card title="By function" about="What was counted for each; the cost is shared out by it">
        <Table
          label="Cost by function"
          columns={functions}
          rows={bill.functions}
          keyOf={({ function: name }) => name}
          empty="No function was called this month."
        />
      </Card>
    </>
  );
}
