import { useState } from "preact/hooks";
import { dateAndTime, milliseconds } from "../../../model/format.ts";
import { plainly } from "../../../model/plainly.ts";
import type { RunHistoryReply, RunReply } from "../../../model/replies.ts";
import { runStatusInWords } from "../../../model/run-status.ts";
import { barsOf } from "../../../model/run-timeline.ts";
import { ask } from "../../api.ts";
import { Action, Allowed } from "../../parts/action.tsx";
import { TextField } from "../../parts/field.tsx";
import { Foreign } from "../../parts/foreign.tsx";
import { Card } from "../../parts/page.tsx";
import { Failed, Loading } from "../../parts/states.tsx";
import { useData } from "../../use-data.ts";
import { serverNow } from "../../server-time.ts";

interface RunProps {
  /** Of the run in the API. */
  path: string;
  onChange: () => void;
}

/** One durable execution. */
export function Run({ path, onChange }: RunProps) {
  const run = useData<RunReply>((signal) => ask(path, { signal }), [path], 2_000);
  const history = useData<RunHistoryReply>((signal) => ask(`${path}/history`, { signal }), [path], 2_000);
  if (run.data === undefined || history.data === undefined) {
    const error = run.error ?? history.error;
    return error ? <Failed error={error} onRetry={run.reload} /> : <Loading height={200} />;
  }
  const { name, status, why, calls, startedAt, endedAt, waitsFor, input, result, error } = run.data;
  const changed = () => {
    run.reload();
    history.reload();
    onChange();
  };
  const stop = () => ask(`${path}/stop`, { method: "POST", body: {} }).then(() => "Stopped.");
  return (
    <Card title={name} about={`${runStatusInWords(status)}, ${calls} ${calls === 1 ? "call" : "calls"} of the function`}>
      {why !== "" && <p>{plainly(why)}</p>}
      <Timeline history={history.data} from={startedAt} until={endedAt ?? serverNow()} />
      {waitsFor.flatMap(({ callbackId, name: callback, dueAt }) =>
        callbackId === null
          ? []
          : [<Answer key={callbackId} path={path} id={callbackId} name={callback} dueAt={dueAt} onChange={changed} />],
      )}
      {input !== null && (
        <>
          <h3>Input</h3>
          <Foreign text={input} label="Input" />
        </>
      )}
      {result !== null && (
        <>
          <h3>Result</h3>
          <Foreign text={result} label="Result" />
        </>
      )}
      {error !== null && (
        <>
          <h3>Error</h3>
          <Foreign text={[error.ErrorType, error.ErrorMessage].filter(Boolean).join(": ")} label="Error" />
        </>
      )}
      {endedAt === null && (
        <Allowed action="invoke" to="stop it">
          <p class="buttons">
            <Action act={stop} confirm="Stop it?" onDone={changed}>
              Stop
            </Action>
          </p>
        </Allowed>
      )}
    </Card>
  );
}

interface AnswerProps extends RunProps {
  id: string;
  name: string | null;
  dueAt: number | null;
}

/** A callback that the run waits for, and what it is answered with. */
function Answer({ path, id, name, dueAt, onChange }: AnswerProps) {
  const [text, setText] = useState("");
  const answer = (body: object) => async () => {
    await ask(`${path}/answer`, { method: "POST", body: { callback: id, ...body } });
    return "Answered.";
  };
  const shown = name ?? id;
  return (
    <div class="inset">
      <h3>Waits for {shown}</h3>
      <p class="muted">
        Somebody has to answer this callback{dueAt === null ? "" : `, until ${dateAndTime(dueAt)}`}: the function goes on with what is
        written here. <code>mayfly runs answer</code> does the same.
      </p>
      <Allowed action="invoke" to="answer callbacks">
        <TextField label={`Answer to ${shown}`} value={text} onInput={setText} rows={2} />
        <p class="buttons">
          <Action act={answer({ result: text })} onDone={onChange}>
            Answer
          </Action>
          <Action act={answer({ error: { ErrorMessage: text } })} confirm="Let it fail?" onDone={onChange}>
            Let it fail
          </Action>
        </p>
      </Allowed>
    </div>
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
