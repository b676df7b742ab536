import { dateAndTime } from "../../../model/format.ts";
import type { EventListReply, TriggerListReply } from "../../../model/replies.ts";
import { ask } from "../../api.ts";
import { Action, may } from "../../parts/action.tsx";
import { Card } from "../../parts/page.tsx";
import { Failed, Loading } from "../../parts/states.tsx";
import { useData } from "../../use-data.ts";
import type { TabProps } from "./tab.ts";

export function EventsTab({ path }: TabProps) {
  const triggers = useData<TriggerListReply>((signal) => ask(`${path}/triggers`, { signal }), [path], 5_000);
  const events = useData<EventListReply>((signal) => ask(`${path}/events`, { query: { limit: 50 }, signal }), [path], 3_000);
  const dead = useData<EventListReply>((signal) => ask(`${path}/dead-letters`, { query: { limit: 50 }, signal }), [path], 5_000);
  const reload = () => {
    for (const each of [triggers, events, dead]) each.reload();
  };
  const all = (what: "redrive" | "purge") => async () => {
    const { count } = await ask<{ count: number }>(`${path}/dead-letters/${what}`, { method: "POST", body: {} });
    return `${count} ${what === "redrive" ? "run again" : "removed"}`;
  };
  return (
    <div class="stack">
      <Card title="Triggers" about="What starts functions besides calls">
        {triggers.data === undefined ? (
          triggers.error ? (
            <Failed error={triggers.error} onRetry={triggers.reload} />
          ) : (
            <Loading height={100} />
          )
        ) : (
          <Triggers {...triggers.data} path={path} onChange={reload} />
        )}
      </Card>
      <Card title="Dead letters" about="Events that were given up">
        {dead.data === undefined ? (
          dead.error ? (
            <Failed error={dead.error} onRetry={dead.reload} />
          ) : (
            <Loading height={100} />
          )
        ) : (
          <>
            <Events {...dead.data} none="No event was given up." label="Dead letters" />
            {may("deploy") && dead.data.events.length > 0 && (
              <p class="buttons">
                <Action act={all("redrive")} onDone={reload}>
                  Run all again
                </Action>
                <Action act={all("purge")} confirm="Remove all?" onDone={reload}>
                  Remove all
                </Action>
              </p>
            )}
          </>
        )}
      </Card>
      <Card title="Events" about="Calls that are run later, the newest first">
        {events.data === undefined ? (
          events.error ? (
            <Failed error={events.error} onRetry={events.reload} />
          ) : (
            <Loading height={100} />
          )
        ) : (
          <Events {...events.data} none="There is no event." label="Events" />
        )}
      </Card>
    </div>
  );
}

function Triggers({ triggers, path, onChange }: TriggerListReply & { path: string; onChange: () => void }) {
  if (triggers.length === 0) return <p class="muted">The app has no triggers.</p>;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Triggers">
      <table>
        <thead>
          <tr>
            <th>Trigger</th>
            <th>Starts</th>
            <th>Last</th>
            <th>Next</th>
            <th>
              <span class="unseen">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {triggers.map(({ name, kind, function: starts, paused, last, firesAt, why, fired }) => {
            const at = `${path}/triggers/${encodeURIComponent(name)}`;
            return (
              <tr key={name}>
                <td>
                  {name} <span class="muted">{paused ? `${kind}, paused` : kind}</span>
                  {why !== null && <div class="bad-text">{why}</div>}
                </td>
                <td>
                  <code>{starts}</code>
                </td>
                <td class="number">{last === null ? "never" : `${dateAndTime(last.at)}, ${fired} in all`}</td>
                <td class="number">{firesAt === null ? "–" : dateAndTime(firesAt)}</td>
                <td>
                  <div class="buttons">
                    {may("invoke") && (
                      <Action act={() => ask(`${at}/fire`, { method: "POST", body: {} }).then(() => "Fired.")} onDone={onChange}>
                        Fire
                      </Action>
                    )}
                    {may("deploy") && (
                      <Action
                        act={() => ask(`${at}/paused`, { method: "PUT", body: { paused: !paused } }).then(() => "")}
                        onDone={onChange}
                      >
                        {paused ? "Resume" : "Pause"}
                      </Action>
                    )}
                  </div>
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function Events({ events, none, label }: EventListReply & { none: string; label: string }) {
  if (events.length === 0) return <p class="muted">{none}</p>;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={label}>
      <table>
        <thead>
          <tr>
            <th>Accepted</th>
            <th>Function</th>
            <th>From</th>
            <th>State</th>
            <th>Attempts</th>
          </tr>
        </thead>
        <tbody>
          {events.map(({ id, acceptedAt, function: name, source, state, attempts, why }) => (
            <tr key={id}>
              <td class="number">{dateAndTime(acceptedAt)}</td>
              <td>
                <code>{name}</code>
              </td>
              <td>{source.name ?? source.kind}</td>
              <td>
                {state}
                {why !== null && <div class="muted">{why}</div>}
              </td>
              <td class="number">{attempts}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
