import { useEffect, useState } from "preact/hooks";
import { parsed } from "../../../model/parsed.ts";
import { plainly } from "../../../model/plainly.ts";
import type { EventReply } from "../../../model/replies.ts";
import { ask, type Refused } from "../../api.ts";
import { Action } from "../../parts/action.tsx";
import { SelectField, TextField } from "../../parts/field.tsx";
import { Foreign } from "../../parts/foreign.tsx";
import { Failed } from "../../parts/states.tsx";
import type { TabProps } from "./tab.ts";

const ENDED = new Set(["succeeded", "dead", "cancelled"]);

/** Calls a function with an event: it is accepted, run, and its result shown. */
export function EventForm({ app, path }: TabProps) {
  const functions = Object.keys(app.live?.manifest.functions ?? {});
  const [chosen, setChosen] = useState(functions[0] ?? "");
  const [payload, setPayload] = useState("{}");
  const [event, setEvent] = useState<string | null>(null);
  const call = async () => {
    const body = { payload: parsed(payload, "The event") };
    const { id } = await ask<{ id: string }>(`${path}/functions/${encodeURIComponent(chosen)}/events`, { method: "POST", body });
    setEvent(id);
    return "Accepted.";
  };
  return (
    <div class="stack form">
      <SelectField label="Function" value={chosen} options={functions.map((name) => ({ value: name, text: name }))} onChange={setChosen} />
      <TextField label="Event, as JSON" value={payload} onInput={setPayload} rows={6} />
      <Action act={call} isDisabled={chosen === ""}>
        Call
      </Action>
      {event !== null && <Outcome key={event} path={`${path}/events/${encodeURIComponent(event)}`} />}
    </div>
  );
}

/** How the event ends. Who may call functions and read nothing is told so by the API. */
function Outcome({ path }: { path: string }) {
  const [event, setEvent] = useState<EventReply>();
  const [error, setError] = useState<Refused>();
  useEffect(() => {
    const over = new AbortController();
    const look = async () => {
      while (!over.signal.aborted) {
        const found = await ask<EventReply>(path, { signal: over.signal });
        setEvent(found);
        if (ENDED.has(found.state)) return;
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    };
    look().catch((thrown: unknown) => {
      if (!over.signal.aborted) setError(thrown as Refused);
    });
    return () => over.abort();
  }, [path]);
  if (error !== undefined) return <Failed error={error} />;
  return (
    <div role="status">
      <strong>{event?.state ?? "accepted"}</strong>
      {event?.why && <p>{plainly(event.why)}</p>}
      {event?.result !== null && event?.result !== undefined && <Foreign text={event.result} label="Result" />}
    </div>
  );
}
