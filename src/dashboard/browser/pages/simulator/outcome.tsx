import { useMemo } from "preact/hooks";
import type { Played } from "../../../../simulator/what-if.ts";
import { dateAndTime, milliseconds, money, number } from "../../../model/format.ts";
import { quantileOf } from "../../../model/quantile.ts";
import type { DemandReply } from "../../../model/replies.ts";
import { verdictOf } from "../../../model/verdict.ts";
import { Card } from "../../parts/page.tsx";
import { Plot } from "../../parts/plot.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import type { Compared } from "./use-what-if.ts";

interface Row {
  what: string;
  measured: string;
  now: string;
  whatIf: string;
}

const columns: readonly Column<Row>[] = [
  { title: "Figure", isUntitled: true, cell: ({ what }) => <span class="row-name">{what}</span> },
  { title: "As it was, measured", cell: ({ measured }) => measured, isNumber: true },
  { title: "As it is, simulated", cell: ({ now }) => now, isNumber: true },
  { title: "What if, simulated", cell: ({ whatIf }) => <strong>{whatIf}</strong>, isNumber: true },
];

interface OutcomeProps {
  demand: DemandReply;
  compared: Compared;
  /** Whether any rule is another than it is. */
  isChanged: boolean;
}

export function Outcome({ demand, compared, isChanged }: OutcomeProps) {
  const { now, whatIf, from } = compared;
  const { at, lines } = useMemo(() => plotted(compared), [compared]);
  const isWhole = from === demand.from;
  return (
    <>
      <Card title="What it means">
        <p class="verdict" role="status">
          {isChanged
            ? verdictOf(now, whatIf)
            : "These are the rules as they are. Change one above, and read here what it would have made of the same calls."}
        </p>
        {!isWhole && (
          <p class="muted">
            There were very many calls: those from {dateAndTime(from)} on were played. What was measured is of the whole time.
          </p>
        )}
      </Card>
      <Card title="Side by side" about="Both simulations play the same calls">
        <Table label="Figures of both" columns={columns} rows={rowsOf(demand, now, whatIf)} keyOf={({ what }) => what} />
      </Card>
      <div class="cards">
        <Plot
          title="Machines"
          about="Of the app and blanks, simulated"
          at={at}
          lines={lines.machines}
          format={number}
          isShort={demand.span !== "week"}
        />
        <Plot
          title="Calls that wait"
          about="For a slot of a machine, simulated"
          at={at}
          lines={lines.waiting}
          format={number}
          isShort={demand.span !== "week"}
        />
      </div>
    </>
  );
}

function rowsOf({ waited, binds, machineSeconds, gbSeconds, cpuSeconds, prices }: DemandReply, now: Played, whatIf: Played): Row[] {
  const calls = waited.reduce((sum, [, some]) => sum + some, 0);
  const row = (what: string, measured: string, of: (side: Played) => string): Row => ({ what, measured, now: of(now), whatIf: of(whatIf) });
  const cost = gbSeconds * prices.gbSecond + cpuSeconds * prices.vcpuSecond;
  return [
    row("Calls", number(calls), (side) => number(side.calls)),
    row("Wait for a slot, median", `about ${milliseconds(quantileOf(waited, 0.5))}`, ({ waitMs }) => milliseconds(waitMs.p50)),
    row("Wait for a slot, 99th percentile", `about ${milliseconds(quantileOf(waited, 0.99))}`, ({ waitMs }) => milliseconds(waitMs.p99)),
    row("Calls that waited for a machine", "–", (side) => number(side.waitedForMachine)),
    row("Calls refused, as too many waited", "–", (side) => number(side.refused)),
    row("Machines started", "–", (side) => number(side.starts)),
    row("Machines given to the app", number(binds), (side) => number(side.binds)),
    row("Machines at once, at most", "–", (side) => number(side.peakMachines)),
    row("Time of the app's machines, seconds", number(machineSeconds), (side) => number(side.machineSeconds)),
    row("Memory of the app, GB-seconds", number(gbSeconds), (side) => number(side.gbSeconds - side.blankGbSeconds)),
    row("Memory of blanks, GB-seconds", "–", (side) => number(side.blankGbSeconds)),
    row("CPU, seconds", number(cpuSeconds), (side) => number(side.cpuSeconds)),
    row("Cost of memory and CPU", `${money(cost, prices.currency)}, without blanks`, (side) => money(side.cost, prices.currency)),
  ];
}

/** Both courses at the times of the first: their points are a few hundred, at intervals that are the same, or double. */
function plotted({ now, whatIf, from }: Compared) {
  const at = now.series.map(({ atSeconds }) => from + 1_000 * atSeconds);
  let index = 0;
  const others = now.series.map(({ atSeconds }) => {
    while (index + 1 < whatIf.series.length && whatIf.series[index + 1]!.atSeconds <= atSeconds) index++;
    return whatIf.series[index];
  });
  const lines = (of: (point: Played["series"][number]) => number) => [
    { label: "As it is", colour: "blank", values: now.series.map(of) },
    { label: "What if", colour: "plot-1", values: others.map((point) => (point === undefined ? null : of(point))) },
  ];
  return { at, lines: { machines: lines(({ machines }) => machines), waiting: lines(({ waiting }) => waiting) } };
}
