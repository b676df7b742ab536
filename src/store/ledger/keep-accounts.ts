import type { EventStream } from "../../telemetry/event-stream.ts";
import type { OpenAccounts } from "./create-accounts.ts";

/** Makes the accounts count every invocation of which something was sent to a machine, however it ended. Returns a function that ends this. */
export function keepAccounts(accounts: Pick<OpenAccounts, "served">, events: EventStream): () => void {
  return events.listen({
    "invocation-ended": ({ app, function: name, machine, memoryMb, slotMs }) => {
      if (machine !== null && slotMs !== null) accounts.served({ app, function: name, machine, memoryMb, ms: slotMs });
    },
  });
}
