import { useState } from "preact/hooks";
import { dateAndTime, milliseconds } from "../../../model/format.ts";
import type { RunHistoryReply, RunListReply, RunReply } from "../../../model/replies.ts";
import { barsOf } from "../../../model/run-timeline.ts";
import { ask } from "../../api.ts";
import { Action, may } from "../../parts/action.tsx";
import { Card } from "../../parts/page.tsx";
import { Failed, Loading } from "../../parts/states.tsx";
import { useData } from "../../use-data.ts";
import type { TabProps } from "./tab.ts";

export function RunsTab({ path }: TabProps) {
  const { data, error, reload } = useData<RunListReply>((signal) => ask(`${path}/runs`, { query: { limit: 50 }, signal }), [path], 3_000);
  const [chosen, setChosen] = useState<string | null>(null);
  return (
    <div class="stack">
      <Card title="Runs" about="Durable executions, the newest first">
        {data === undefined ? (
          error ? (
            <Failed error={error} onRetry={reload} />
          ) : (
            <Loading height={120} />
          )
        ) : (
          <Runs {...data} chosen={chosen} onChoose={setChosen} />
        )}
      </Card>
      {chosen !== null && <Run key={chosen} path={`${path}/runs/${encodeURIComponent(chosen)}`} onChange={reload} />}
    </div>
  );
}

function Runs({ runs, chosen, onChoose }: RunListReply & { chosen: string | null; onChoose: (id: string) => void }) {
  if (runs.length === 0) return <p class="muted">There is no durable execution.</p>;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Runs">
      <table>
        <thead>
          <tr>
            <th>Run</th>
            <th>Function</th>
            <th>Status</th>
            <th>Began</th>
            <th>Took</th>
          </tr>
        </thead>
        <tbody>
          {runs.map(({ id, name, function: of, status, startedAt, endedAt }) => (
            <tr key={id}>
              <td>
                <button class="link" type="button" aria-pressed={id === chosen} onClick={() => onChoose(id)}>
                  {name}
                </button>
              </td>
              <td>
                <code>{of}</code>
              </td>
              <td>{status}</td>
              <td class="number">{dateAndTime(startedAt)}</td>
              <td class="number">{milliseconds((endedAt ?? Date.now()) - startedAt)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Run({ path, onChange }: { path: string; onChange: () => void }) {
  const run = useData<RunReply>((signal) => ask(path, { signal }), [path], 2_000);
  const history = useData<RunHistoryReply>((signal) => ask(`${path}/history`, { signal }), [path], 2_000);
  if (run.data === undefined || history.data === undefined) {
    const error = run.error ?? history.error;
    return error ? <Failed error={error} onRetry={run.reload} /> : <Loading height={200} />;
  }
  const { name, status, why, calls, startedAt, endedAt, input, result } = run.data;
  const stop = () => ask(`${path}/stop`, { method: "POST", body: {} }).then(() => "Stopped.");
  return (
    <Card title={name} about={`${status}, ${calls} ${calls === 1 ? "call" : "calls"} of the function`}>
      {why !== "" && <p>{why}</p>}
      <Timeline history={history.data} from={startedAt} until={endedAt ?? Date.now()} />
      {input !== null && (
        <>
          <h3>Input</h3>
          <pre tabIndex={0}>{input}</pre>
        </>
      )}
      {result !== null && (
        <>
          <h3>Result</h3>
          <pre tabIndex={0}>{result}</pre>
        </>
      )}
      {endedAt === null && may("invoke") && (
        <p class="buttons">
          <Action act={stop} confirm="Stop it?" onDone={onChange}>
            Stop
          </Action>
        </p>
      )}
    </Card>
  );
}

function Timeline({ history, from, until }: { history: RunHistoryReply; from: number; until: number }) {
  const bars = barsOf(history, from, until);
  if (bars.length === 0) return <p class="muted">It has done nothing yet that is stored.</p>;
  return (
    <ol class="bars-of-time" aria-label="What it did, in the order of time">
      {bars.map(({ name, kind, left, width, state, from: began, to }, index) => (
        <li key={index}>
          <span>
            {name} {name !== kind && <span class="muted">{kind}</span>}
          </span>
          <span class="track">
            <i data-state={state} style={{ left: `${100 * left}%`, width: `max(3px, ${100 * width}%)` }} />
          </span>
          <span class="number muted">
            {milliseconds(to - began)}, {state}
          </span>
        </li>
      ))}
    </ol>
  );
}
