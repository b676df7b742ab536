import { useEffect, useState } from "preact/hooks";
import type { EventReply } from "../../../model/replies.ts";
import { ask } from "../../api.ts";
import { Action, may } from "../../parts/action.tsx";
import { Card } from "../../parts/page.tsx";
import type { TabProps } from "./tab.ts";

const ENDED = new Set(["succeeded", "dead", "cancelled"]);

/** Calls a function with an event: it is accepted, run, and its result shown. Calls over HTTP are the gateway's, which pages of this address may not reach. */
export function CallTab({ app, path }: TabProps) {
  const functions = Object.keys(app.live?.manifest.functions ?? {});
  const [chosen, setChosen] = useState(functions[0] ?? "");
  const [payload, setPayload] = useState("{}");
  const [event, setEvent] = useState<string | null>(null);
  const call = async () => {
    const body = { payload: parsed(payload) };
    const { id } = await ask<{ id: string }>(`${path}/functions/${encodeURIComponent(chosen)}/events`, { method: "POST", body });
    setEvent(id);
    return "Accepted.";
  };
  return (
    <Card title="Call a function" about="With an event, as a trigger would">
      {may("invoke") ? (
        <div class="stack form">
          <label class="field">
            <span>Function</span>
            <select class="input" value={chosen} onChange={(change) => setChosen(change.currentTarget.value)}>
              {functions.map((name) => (
                <option key={name} value={name}>
                  {name}
                </option>
              ))}
            </select>
          </label>
          <label class="field">
            <span>Event, as JSON</span>
            <textarea
              class="input mono"
              rows={6}
              value={payload}
              onInput={(change) => setPayload(change.currentTarget.value)}
              spellcheck={false}
            />
          </label>
          <Action act={call} isDisabled={chosen === ""}>
            Call
          </Action>
          {event !== null && <Outcome key={event} path={`${path}/events/${encodeURIComponent(event)}`} />}
        </div>
      ) : (
        <p class="muted">Your role may call no functions.</p>
      )}
    </Card>
  );
}

/** Throws if it is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error("The event is not JSON.");
  }
}

function Outcome({ path }: { path: string }) {
  const [event, setEvent] = useState<EventReply>();
  const [error, setError] = useState<Error>();
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
      if (!over.signal.aborted) setError(thrown as Error);
    });
    return () => over.abort();
  }, [path]);
  if (error !== undefined) return <p class="bad-text">{error.message}</p>;
  return (
    <div role="status">
      <strong>{event?.state ?? "accepted"}</strong>
      {event?.why && <p>{event.why}</p>}
      {event?.result !== null && event?.result !== undefined && <pre tabIndex={0}>{event.result}</pre>}
    </div>
  );
}
