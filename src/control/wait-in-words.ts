/** Says what events wait for. */
import { counted } from "../base/words/counted.ts";
import type { Events } from "../events/events.ts";
import type { WaitingFor } from "../events/waiting-for.ts";

/** A sentence for each function of the app that has events which have not ended. @param app its id @param now wall clock, ms */
export async function explainEvents(events: Pick<Events, "explain">, app: string, now: number): Promise<string[]> {
  const fronts = await events.explain(app);
  return fronts.map(({ target, id, events: open, waitsFor }) => {
    const number = `${target} has ${counted(open, "event")} that ${open === 1 ? "has" : "have"} not ended`;
    return waitsFor === null ? `${number}.` : `${number}; ${id} ${waitInWords(waitsFor, now)}.`;
  });
}

/** What follows the event's name. @param now wall clock, ms */
export function waitInWords(waits: WaitingFor, now: number): string {
  switch (waits.kind) {
    case "time": {
      const until = `waits for its time, which comes in ${Math.ceil(Math.max(0, waits.at - now) / 1_000)} s`;
      return waits.why === null ? until : `${until}: it was not done yet because ${waits.why}`;
    }
    case "predecessor":
      return `waits for ${waits.event}, which is before it by its order key`;
    case "pause":
      return "waits until the function's events are resumed";
    case "concurrency":
      return `waits for one of the ${waits.running} that run, as many as the function's concurrency allows`;
    case "rest":
      return `waits ${Math.ceil(waits.ms)} ms: the function has refused the events before it, so that it is asked again more and more rarely`;
    case "share":
      return `waits for a place: of the server's ${waits.most}, ${waits.all} are taken, ${waits.running} by this function, and neither a function nor a tenant gets all of them`;
    case "turn":
      return "waits for its turn, behind others of the function";
    default:
      return "was handed to the dispatcher: it runs, or waits for a machine";
  }
}
