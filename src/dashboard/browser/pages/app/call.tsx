import { useState } from "preact/hooks";
import { Card } from "../../parts/page.tsx";
import { Allowed } from "../../parts/action.tsx";
import { Choices } from "../../parts/choices.tsx";
import { EventForm } from "./call-event.tsx";
import { RequestForm } from "./call-request.tsx";
import type { TabProps } from "./tab.ts";

const ways = [
  { value: "request", text: "Request" },
  { value: "event", text: "Event" },
] as const;

/** Calls a function by the management API: pages of this address may not reach the gateway. */
export function CallTab(props: TabProps) {
  const [way, setWay] = useState<"request" | "event">("request");
  return (
    <Card
      title="Call a function"
      about={
        way === "request"
          ? "With a request, as the gateway passes it on, whatever rules for callers the function has"
          : "With an event, as a trigger would: it is repeated until the function has done it"
      }
    >
      <Allowed action="invoke" to="call functions">
        <div class="stack">
          <div>
            <Choices label="How it is called" options={ways} value={way} onChoose={setWay} />
          </div>
          {way === "request" ? <RequestForm {...props} /> : <EventForm {...props} />}
        </div>
      </Allowed>
    </Card>
  );
}
