import { useMemo, useState } from "preact/hooks";
import { dateAndTime, milliseconds, number } from "../../model/format.ts";
import type { AppListReply, DemandReply } from "../../model/replies.ts";
import { hashOf } from "../../model/route.ts";
import { ask } from "../api.ts";
import { route } from "../location.ts";
import { Choices } from "../parts/choices.tsx";
import { Card, Page } from "../parts/page.tsx";
import { Plot } from "../parts/plot.tsx";
import { Shown } from "../parts/shown.tsx";
import { Empty } from "../parts/states.tsx";
import { useData } from "../use-data.ts";
import { Outcome } from "./simulator/outcome.tsx";
import { RulesForm } from "./simulator/rules-form.tsx";
import { useWhatIf } from "./simulator/use-what-if.ts";
import "./simulator/simulator.css";

const spans = [
  { value: "hour", text: "Hour" },
  { value: "day", text: "Day" },
  { value: "week", text: "Week" },
] as const;
type Span = (typeof spans)[number]["value"];

/** The app and the time are in the address, so that they can be shared. */
export function SimulatorPage() {
  const { query } = route.value;
  const app = query.get("app") ?? "";
  const span = spans.find(({ value }) => value === query.get("span"))?.value ?? "hour";
  const go = (next: { app?: string; span?: Span }) => (location.hash = hashOf(["simulator"], { app, span, ...next }));
  return (
    <Page
      title="Simulator"
      about="What if machines were kept by other rules? An app's own recorded calls are played again, in this browser, with Mayfly's policy."
      actions={<Choices label="Time that is played" options={spans} value={span} onChoose={(next) => go({ span: next })} />}
    >
      <div class="stack">
        <Chosen app={app} onChoose={(next) => go({ app: next })} />
        {app === "" ? (
          <Empty title="Choose an app.">Its calls of the last hour, day or week are played. Nothing is changed on the server.</Empty>
        ) : (
          <Simulation key={`${app} ${span}`} app={app} span={span} />
        )}
        <Bounds app={app} />
      </div>
    </Page>
  );
}

/** One of the first apps by a list, any by its name. */
function Chosen({ app, onChoose }: { app: string; onChoose: (app: string) => void }) {
  const apps = useData<AppListReply>((signal) => ask("/v1/apps", { query: { limit: 200 }, signal }), ["apps"]);
  return (
    <label class="field form">
      <span>App</span>
      <input
        class="input"
        list="simulated-apps"
        value={app}
        placeholder="Its name"
        spellcheck={false}
        autocomplete="off"
        onChange={({ currentTarget }) => onChoose(currentTarget.value.trim())}
      />
      <datalist id="simulated-apps">
        {(apps.data?.apps ?? []).map(({ app: name }) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </label>
  );
}

function Simulation({ app, span }: { app: string; span: Span }) {
  const loaded = useData<DemandReply>(
    (signal) => ask(`/v1/apps/${encodeURIComponent(app)}/demand`, { query: { span }, signal }),
    [app, span],
  );
  return (
    <Shown loaded={loaded} height={400}>
      {(demand) =>
        demand.arrivals.length === 0 ? (
          <Empty title="Nothing was recorded.">
            Nobody called this app in this time, or more busy apps took all the places of recordings.
          </Empty>
        ) : (
          <Played demand={demand} />
        )
      }
    </Shown>
  );
}

function Played({ demand }: { demand: DemandReply }) {
  const [rules, setRules] = useState(demand.rules);
  const comparing = useWhatIf(demand, rules);
  const plot = useMemo(() => arrivalsOf(demand), [demand]);
  const { machines, ranMeanMs } = demand;
  const isChanged = JSON.stringify(rules) !== JSON.stringify(demand.rules);
  return (
    <>
      <Plot
        title="Calls as they came"
        about={`Recorded since ${dateAndTime(demand.from)}. A call ran for ${milliseconds(ranMeanMs)} on average. A start took ${took(machines.startMs)}, a bind ${took(machines.bindMs)}`}
        at={plot.at}
        lines={plot.lines}
        format={number}
        isShort={demand.span !== "week"}
      />
      <Card title="What if" about="Changed rules are played at once">
        <RulesForm asItIs={demand.rules} rules={rules} onChange={setRules} />
      </Card>
      {comparing.state === "playing" && (
        <div class="note-box" role="status">
          <strong>Playing …</strong>
          <progress max={1} value={comparing.progress} aria-label="How much was played" />
        </div>
      )}
      {comparing.state === "failed" && (
        <div class="note-box bad" role="alert">
          <strong>These rules could not be played: {comparing.why}</strong>
        </div>
      )}
      {comparing.state === "done" && <Outcome demand={demand} compared={comparing.compared} isChanged={isChanged} />}
    </>
  );
}

function took(ms: number | null): string {
  return ms === null ? "an assumed time, as there was none since the server started" : milliseconds(ms);
}

const MOST_POINTS = 360;

/** Calls per second, in a few hundred points. */
function arrivalsOf({ arrivals, slotMs, from }: DemandReply) {
  const step = Math.max(1, Math.ceil(arrivals.length / MOST_POINTS));
  const starts = Array.from({ length: Math.ceil(arrivals.length / step) }, (_, index) => index * step);
  const perSecond = (start: number) => {
    const slots = arrivals.slice(start, start + step);
    return slots.reduce((sum, calls) => sum + calls, 0) / ((slots.length * slotMs) / 1_000);
  };
  return {
    at: starts.map((start) => from + start * slotMs),
    lines: [{ label: "Calls per second", colour: "plot-1", values: starts.map(perSecond) }],
  };
}

function Bounds({ app }: { app: string }) {
  return (
    <Card title="What a simulation does not know">
      <ul class="plain-list bounds">
        <li>
          When in a second (of an hour), ten seconds (of a day) or minute (of a week) a call came: it falls at random moments in it. Bursts
          within them are lost.
        </li>
        <li>How long a given call ran: times are drawn from those that were recorded, to a tenth.</li>
        <li>
          What other apps do: this one has the whole host and all its blanks to itself. Machines, memory and CPU have no other bounds than
          the rules above.
        </li>
        <li>Starts that fail or are slow because many come at once, callers who give up, deploys, and memory that grows.</li>
        <li>What the policy had learned before: it begins with nothing, so that the first minutes are dearer than they were.</li>
        <li>What a blank holds: 43 MB are taken, as measured with the driver qemu.</li>
      </ul>
      <p class="muted">
        So compare the two simulations with each other, and the first of them with what was measured, to see how far to trust both. The same
        in a terminal, beside other platforms' rules: <code>mayfly simulate --app {app === "" ? "<app>" : app}</code>.
      </p>
    </Card>
  );
}
