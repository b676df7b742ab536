import type { EventStream } from "../../telemetry/event-stream.ts";
import type { InvocationEnded } from "../../telemetry/platform-event.ts";
import type { ServedInvocation } from "./accounts.ts";
import type { OpenAccounts } from "./create-accounts.ts";

/** Makes the accounts count every invocation of which something was sent to a machine, however it ended. Returns a function that ends this. */
export function keepAccounts(accounts: Pick<OpenAccounts, "served">, events: EventStream): () => void {
  return events.listen({
    "invocation-ended": (event) => {
      if (wasSent(event)) accounts.served(event);
    },
  });
}

function wasSent(event: InvocationEnded): event is InvocationEnded & ServedInvocation {
  return event.machine !== null && event.slotMs !== null;
}
