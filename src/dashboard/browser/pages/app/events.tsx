import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { EventListReply, TriggerListReply } from "../../../model/replies.ts";
import { ask } from "../../api.ts";
import { Action, Allowed } from "../../parts/action.tsx";
import { SelectField } from "../../parts/field.tsx";
import { Card } from "../../parts/page.tsx";
import { Pager } from "../../parts/pager.tsx";
import { Shown } from "../../parts/shown.tsx";
import { type Loaded, useData } from "../../use-data.ts";
import { Events } from "./event-list.tsx";
import type { TabProps } from "./tab.ts";
import { Triggers } from "./triggers.tsx";

export function EventsTab({ app, path }: TabProps) {
  const triggers = useData<TriggerListReply>((signal) => ask(`${path}/triggers`, { signal }), [path], 5_000);
  const [events, pagerOfEvents] = usePages(`${path}/events`, 3_000);
  const [dead, pagerOfDead] = usePages(`${path}/dead-letters`, 5_000);
  const reload = () => {
    for (const each of [triggers, events, dead]) each.reload();
  };
  const all = (what: "redrive" | "purge") => async () => {
    const { count } = await ask<{ count: number }>(`${path}/dead-letters/${what}`, { method: "POST", body: {} });
    return what === "redrive" ? `${count} to be run again.` : `${count} removed.`;
  };
  return (
    <div class="stack">
      <Triggers loaded={triggers} path={path} onChange={reload} />
      <Card title="Dead letters" about="Events that were given up, because the function failed for each of their attempts">
        <Shown loaded={dead}>
          {(data) => (
            <>
              <Events
                {...data}
                path={path}
                onChange={reload}
                label="List of dead letters"
                empty="No event was given up. Those that are stay here until they are run again or removed."
              />
              {data.events.length > 0 && (
                <Allowed action="deploy" to="run dead letters again or remove them">
                  <p class="buttons">
                    <Action act={all("redrive")} onDone={reload}>
                      Run all again
                    </Action>
                    <Action act={all("purge")} confirm="Remove all?" onDone={reload}>
                      Remove all
                    </Action>
                  </p>
                </Allowed>
              )}
            </>
          )}
        </Shown>
        {pagerOfDead}
      </Card>
      <Card
        title="Events"
        about="Calls that are run later, the newest first: each is on the disk, and repeated until its function has done it"
      >
        <Shown loaded={events}>
          {(data) => (
            <Events
              {...data}
              path={path}
              onChange={reload}
              label="List of events"
              empty={
                <>
                  There is no event. Triggers make some, the part Call does, and so do requests with the header{" "}
                  <code>Prefer: respond-async</code>.
                </>
              }
            />
          )}
        </Shown>
        {pagerOfEvents}
      </Card>
      <Pausing functions={Object.keys(app.live?.manifest.functions ?? {})} path={path} onChange={reload} />
    </div>
  );
}

const PAGE = 50;

/** The events of a list, page by page, and what turns its pages. */
function usePages(path: string, everyMs: number): [Loaded<EventListReply>, ComponentChildren] {
  const [before, setBefore] = useState<readonly string[]>([""]);
  const query = { limit: PAGE, ...(before.length > 1 && { before: before.at(-1)! }) };
  const events = useData<EventListReply>((signal) => ask(path, { query, signal }), [path, query], everyMs);
  const next = events.data?.next ?? null;
  return [events, <Pager after={before} next={next === null ? null : String(next)} onMove={setBefore} />];
}

/** Which functions are paused is nowhere to be read, except in what their events wait for: both buttons are always there. */
function Pausing({ functions, path, onChange }: { functions: readonly string[]; path: string; onChange: () => void }) {
  const [chosen, setChosen] = useState(functions[0] ?? "");
  const pause = (paused: boolean) => async () => {
    await ask(`${path}/functions/${encodeURIComponent(chosen)}/events/paused`, { method: "PUT", body: { paused } });
    return paused ? `Events of ${chosen} wait.` : `Events of ${chosen} go on.`;
  };
  return (
    <Card title="Let a function wait" about="Its events are held, and none is lost, for example until what it depends on is there again">
      <Allowed action="deploy" to="hold events">
        <div class="fields">
          <SelectField
            label="Function"
            value={chosen}
            options={functions.map((name) => ({ value: name, text: name }))}
            onChange={setChosen}
          />
          <Action act={pause(true)} onDone={onChange} isDisabled={chosen === ""}>
            Hold
          </Action>
          <Action act={pause(false)} onDone={onChange} isDisabled={chosen === ""}>
            Let go on
          </Action>
        </div>
      </Allowed>
    </Card>
  );
}
