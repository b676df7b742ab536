import { factsOf } from "../../model/fleet.ts";
import { age, dateAndTime, moment } from "../../model/format.ts";
import type { DecisionsReply, LiveMachine } from "../../model/replies.ts";
import { ask } from "../api.ts";
import { tick } from "../live.ts";
import { Card } from "../parts/page.tsx";
import { Failed, Loading } from "../parts/states.tsx";
import { useData } from "../use-data.ts";
import { serverNow } from "../server-time.ts";

const words: Record<string, string> = {
  start: "Started",
  bind: "Bound",
  ready: "Ready",
  drain: "Drained",
  kill: "Killed",
  lost: "Given to another app",
  end: "Ended by itself",
};

interface MachineDetailProps {
  id: string;
  /** Undefined: it was gone when the page began. */
  machine: LiveMachine | undefined;
  isGone: boolean;
}

/** What a machine is, and why it was started, held and killed, in the words of `mayfly explain`. */
export function MachineDetail({ id, machine, isGone }: MachineDetailProps) {
  const path = `/v1/machines/${encodeURIComponent(id)}/decisions`;
  const { data, error, reload } = useData<DecisionsReply>((signal) => ask(path, { signal }), [path, machine?.state, isGone], 5_000);
  return (
    <Card title={id} about={isGone ? "This machine is gone." : undefined}>
      {machine !== undefined && (
        <dl class="facts">
          {factsOf(machine, isGone, tick.value?.at ?? serverNow())
            .filter(([, value]) => value !== "")
            .map(([name, value]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd class="number">{value}</dd>
              </div>
            ))}
        </dl>
      )}
      <h3>Why</h3>
      {data === undefined ? error ? <Failed error={error} onRetry={reload} /> : <Loading height={120} /> : <Decisions {...data} />}
    </Card>
  );
}

function Decisions({ decisions }: DecisionsReply) {
  if (decisions.length === 0) return <p class="muted">Nothing is remembered of why.</p>;
  return (
    <ol class="timeline">
      {decisions.map(({ at, what, why, ageMs, invocations }, index) => (
        <li key={index}>
          <div>
            <strong>{words[what] ?? what}</strong>{" "}
            <time class="muted number" dateTime={new Date(at).toISOString()} title={dateAndTime(at)}>
              {moment(at, tick.value?.at ?? serverNow())}
            </time>
          </div>
          <p>{why}</p>
          {invocations > 0 && (
            <p class="muted number">
              after {invocations} {invocations === 1 ? "call" : "calls"}, {age(ageMs)} old
            </p>
          )}
        </li>
      ))}
    </ol>
  );
}
