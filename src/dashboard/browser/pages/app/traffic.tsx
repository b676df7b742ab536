import { useState } from "preact/hooks";
import { dateAndTime, milliseconds, share } from "../../../model/format.ts";
import type { AppReply } from "../../../model/replies.ts";
import { splitInWords } from "../../../model/split.ts";
import { ask } from "../../api.ts";
import { Action, may } from "../../parts/action.tsx";
import { Card } from "../../parts/page.tsx";
import type { TabProps } from "./tab.ts";

export function TrafficTab({ app, path, onChange }: TabProps) {
  const live = app.aliases.find(({ name }) => name === "live")?.targets ?? [];
  const canary = app.revisions.find(({ canary: own }) => own?.state === "running");
  return (
    <div class="stack">
      <Card title="Where calls go" about={splitInWords(live)}>
        {may("deploy") ? (
          <>
            <Weights key={JSON.stringify(live)} app={app} path={path} onChange={onChange} />
            <p class="buttons">
              <Action
                act={() => ask(`${path}/rollback`, { method: "POST" }).then(() => "Calls go where they went before.")}
                confirm="Roll back?"
                onDone={onChange}
              >
                Roll back
              </Action>
              {live.length > 1 && (
                <Action
                  act={() => ask(`${path}/promote`, { method: "POST", body: {} }).then(() => "All calls go to it.")}
                  confirm="Promote?"
                  onDone={onChange}
                >
                  Promote the newest
                </Action>
              )}
            </p>
          </>
        ) : (
          <p class="muted">Your role may look, and change nothing.</p>
        )}
      </Card>
      {canary?.canary && <Canary number={canary.number} canary={canary.canary} />}
      <Card title="Revisions" about="Uploads that are kept, the newest first">
        <div class="scroll" tabIndex={0} role="region" aria-label="Revisions">
          <table>
            <thead>
              <tr>
                <th>Revision</th>
                <th>Uploaded</th>
                <th>Runtimes</th>
                <th>Named by</th>
              </tr>
            </thead>
            <tbody>
              {app.revisions.map(({ id, number, createdAt, runtimes }) => (
                <tr key={id}>
                  <td class="number">{number}</td>
                  <td class="number">{dateAndTime(createdAt)}</td>
                  <td>{runtimes.join(", ")}</td>
                  <td>{namesOf(app, id)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </Card>
    </div>
  );
}

function namesOf({ aliases }: AppReply, id: string): string {
  return aliases
    .filter(({ targets }) => targets.some(({ revision }) => revision === id))
    .map(({ name }) => name)
    .join(", ");
}

/** The weights of `live`: at 90 and 10, nine of ten calls go to the first. */
function Weights({ app, path, onChange }: TabProps) {
  const live = app.aliases.find(({ name }) => name === "live")?.targets ?? [];
  const [weights, setWeights] = useState(new Map(live.map(({ revision, weight }) => [revision, weight])));
  const sum = [...weights.values()].reduce((all, weight) => all + weight, 0);
  const targets = [...weights].filter(([, weight]) => weight > 0).map(([revision, weight]) => ({ revision, weight }));
  const save = async () => {
    await ask(`${path}/aliases/live`, { method: "PUT", body: { targets } });
    return "Calls go there now.";
  };
  return (
    <>
      <div class="weights">
        {app.revisions.map(({ id, number }) => {
          const weight = weights.get(id) ?? 0;
          return (
            <label key={id}>
              <span class="number">Revision {number}</span>
              <input
                type="range"
                min="0"
                max="100"
                step="1"
                value={live.length === 1 && weight === 1 ? 100 : weight}
                onInput={(event) => setWeights(new Map([...scaled(weights, live), [id, Number(event.currentTarget.value)]]))}
              />
              <span class="number">{share(sum === 0 ? 0 : weight / sum)}</span>
            </label>
          );
        })}
      </div>
      <p class="buttons">
        <Action act={save} onDone={onChange} isDisabled={targets.length === 0}>
          Send calls there
        </Action>
      </p>
    </>
  );
}

/** An only target has any weight, often 1: beside others it counts as 100. */
function scaled(weights: ReadonlyMap<string, number>, live: readonly { weight: number }[]): [string, number][] {
  const isOnly = live.length === 1 && live[0]!.weight < 100;
  return [...weights].map(([id, weight]) => [id, isOnly && weight === live[0]!.weight ? 100 : weight]);
}

function Canary({ number, canary }: { number: number; canary: NonNullable<AppReply["revisions"][number]["canary"]> }) {
  const rows = [
    { name: `Revision ${canary.old}`, ...canary.calls.old },
    { name: `Revision ${number}, the canary`, ...canary.calls.new },
  ];
  return (
    <Card title="Canary" about={`Gets ${share(canary.share)} of calls; decided on at ${dateAndTime(canary.until)}`}>
      <div class="scroll" tabIndex={0} role="region" aria-label="Canary">
        <table>
          <thead>
            <tr>
              <th>Revision</th>
              <th>Calls</th>
              <th>Failed</th>
              <th>99th percentile</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ name, calls, failed, p99 }) => (
              <tr key={name}>
                <td>{name}</td>
                <td class="number">{calls}</td>
                <td class="number">{failed}</td>
                <td class="number">{milliseconds(p99)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  );
}
