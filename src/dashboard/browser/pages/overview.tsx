import { useMemo, useState } from "preact/hooks";
import { bytes, milliseconds, money, number, share, times } from "../../model/format.ts";
import { type HistoryReply, PHASES, type Phase, type PointReply, type SpanName, type SpendReply, type Tick } from "../../model/replies.ts";
import { ask } from "../api.ts";
import { tick } from "../live.ts";
import { Choices } from "../parts/choices.tsx";
import { Card, Page } from "../parts/page.tsx";
import { Plot } from "../parts/plot.tsx";
import { Empty, Failed, Loading } from "../parts/states.tsx";
import { isOfServer, session } from "../session.ts";
import { useData } from "../use-data.ts";

const spans = [
  { value: "hour", text: "Hour" },
  { value: "day", text: "Day" },
  { value: "month", text: "Month" },
] as const;

/** How often the newest point may be another, in milliseconds. */
const RELOAD_MS: Record<SpanName, number> = { hour: 10_000, day: 30_000, month: 60_000 };

export function OverviewPage() {
  const [span, setSpan] = useState<SpanName>("hour");
  if (session.value?.principal.role === "invoker")
    return (
      <Page title="Overview" about="What your functions do right now, and what they did lately.">
        <Empty title="An invoker may call functions, and nothing else.">Log in with a token of a reader to see more.</Empty>
      </Page>
    );
  return (
    <Page
      title="Overview"
      about="What your functions do right now, what they did in the last hour, day or month, and what that costs."
      actions={<Choices label="Time that the plots show" options={spans} value={span} onChoose={setSpan} />}
    >
      <Tiles />
      <div class="cards">
        <Plots span={span} />
        <Spending />
      </div>
    </Page>
  );
}

/** Averages of the last ten seconds. */
function Tiles() {
  const now = tick.value;
  const failed = now === null || now.calls === 0 ? null : now.failed / now.calls;
  return (
    <dl class="tiles">
      <Tile name="Calls per second" value={number(now?.calls ?? null)} note="that ended" />
      <Tile
        name="Failed"
        value={failed === null && now !== null ? "0 %" : share(failed)}
        note="of the last ten seconds"
        isBad={(failed ?? 0) > 0.01}
      />
      <Tile name="In flight" value={number(now?.inFlight ?? null)} note="calls that wait or run" />
      <Tile name="Median time" value={milliseconds(now?.p50 ?? null)} note="until a reply begins" />
      <Tile name="99th percentile" value={milliseconds(now?.p99 ?? null)} note="until a reply begins" />
      <Tile name="Machines" value={now === null ? "–" : String(machinesOf(now))} note={now === null ? "" : phasesInWords(now)} />
      <Tile name="Memory" value={bytes(now?.memoryBytes ?? null)} note="held by machines" />
      <Tile name="CPU" value={number(now?.cpus ?? null)} note="CPUs that machines use" />
    </dl>
  );
}

function Tile({ name, value, note, isBad = false }: { name: string; value: string; note: string; isBad?: boolean }) {
  return (
    <div class={isBad ? "tile bad" : "tile"}>
      <dt>{name}</dt>
      <dd>
        {value}
        <div class="note">{note}</div>
      </dd>
    </div>
  );
}

function machinesOf({ machines }: Tick): number {
  return PHASES.reduce((sum, phase) => sum + machines[phase], 0);
}

function phasesInWords({ machines }: Tick): string {
  const others = machines.starting + machines.binding + machines.draining + machines.ending;
  return `${machines.bound} bound, ${machines.blank} blank${others > 0 ? `, ${others} on the way` : ""}`;
}

const phaseWords: Record<Phase, string> = {
  starting: "starting",
  blank: "blank",
  binding: "binding",
  bound: "bound",
  draining: "draining",
  ending: "ending",
};

function Plots({ span }: { span: SpanName }) {
  const { data, error, reload } = useData<HistoryReply>(
    (signal) => ask("/v1/history", { query: { span }, signal }),
    [span],
    RELOAD_MS[span],
  );
  const shown = useMemo(() => data && plotted(data), [data]);
  if (data === undefined || shown === undefined) return error ? <Failed error={error} onRetry={reload} /> : <PlaceOfPlots />;
  const common = { at: data.at, isShort: span !== "month" };
  return (
    <>
      <Plot title="Calls per second" about="Calls that ended" lines={shown.calls} format={number} {...common} />
      <Plot
        title="Time until a reply begins"
        about="Waiting for a machine included"
        lines={shown.waits}
        format={milliseconds}
        {...common}
      />
      <Plot title="Machines" about="By what they are at" lines={shown.machines} format={number} isStacked {...common} />
      <Plot title="Memory" about="That machines hold for themselves" lines={shown.memory} format={bytes} isBinary {...common} />
      <Plot title="CPU" about="CPUs in use by machines" lines={shown.cpu} format={number} {...common} />
    </>
  );
}

/** As high as the plots, so that nothing jumps when they come. */
function PlaceOfPlots() {
  return (
    <>
      {["calls", "waits", "machines", "memory", "cpu"].map((name) => (
        <div class="card" key={name}>
          <Loading height={260} />
        </div>
      ))}
    </>
  );
}

function plotted({ points }: HistoryReply) {
  const values = (of: (point: PointReply) => number | null) => points.map((point) => (point === null ? null : of(point)));
  return {
    calls: [
      { label: "Succeeded", colour: "plot-1", values: values(({ calls, failed }) => calls - failed) },
      { label: "Failed", colour: "plot-2", values: values(({ failed }) => failed) },
    ],
    waits: [
      { label: "Median", colour: "plot-1", values: values(({ p50 }) => p50) },
      { label: "99th percentile", colour: "plot-3", values: values(({ p99 }) => p99) },
    ],
    machines: PHASES.toReversed().map((phase) => ({
      label: phaseWords[phase],
      colour: phase,
      values: values(({ machines }) => machines[phase]),
    })),
    memory: [{ label: "Memory", colour: "plot-1", values: values(({ memoryBytes }) => memoryBytes) }],
    cpu: [{ label: "CPUs", colour: "plot-1", values: values(({ cpus }) => cpus) }],
  };
}

function Spending() {
  const { data, error, reload } = useData<SpendReply>((signal) => ask("/v1/spend", { signal }), ["spend"], 60_000);
  const about = data === undefined ? "" : `${data.month} (UTC), ${number(data.requests)} calls`;
  return (
    <Card title="Spend this month" about={about}>
      {data === undefined ? error ? <Failed error={error} onRetry={reload} /> : <Loading height={228} /> : <Spent spend={data} />}
    </Card>
  );
}

function Spent({ spend: { apps, platform, wallClock, currency } }: { spend: SpendReply }) {
  const most = Math.max(apps + platform, wallClock, Number.MIN_VALUE);
  const cheaper = times(wallClock, apps + platform);
  const bars = [
    { name: "Apps", value: apps, other: false },
    ...(isOfServer.value ? [{ name: "Platform", value: platform, other: false }] : []),
    { name: "At wall-clock prices", value: wallClock, other: true },
  ];
  return (
    <>
      <p class="big number">{money(apps + platform, currency)}</p>
      <p class="muted spent-words">
        {cheaper === undefined || wallClock <= apps + platform
          ? "CPU time and memory that were used. The same calls at wall-clock prices stand beside it."
          : `The same calls would cost ${cheaper} as much if their wall time were billed.`}
        {isOfServer.value &&
          " Platform is what no app pays for: the server itself, templates, blanks, and machines while they have nothing to do."}
      </p>
      <div class="bars">
        {bars.map(({ name, value, other }) => (
          <div key={name}>
            <span>{name}</span>
            <span class={other ? "track other" : "track"}>
              <i style={{ width: `${(100 * value) / most}%` }} />
            </span>
            <span class="number">{money(value, currency)}</span>
          </div>
        ))}
      </div>
    </>
  );
}
