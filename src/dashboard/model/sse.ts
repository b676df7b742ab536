/** The events in a stream of server-sent events, as its text comes in pieces: https://html.spec.whatwg.org/multipage/server-sent-events.html. Pure. */

export interface ServerEvent {
  name: string;
  data: string;
}

/** Text of an event that has no end yet is given up beyond this length, so that a broken server fills no memory. */
const LONGEST = 8_388_608;

export class EventReader {
  #rest = "";

  /** The events that are complete with this text. Throws if one is too long. */
  take(text: string): ServerEvent[] {
    const blocks = (this.#rest + text).split("\n\n");
    this.#rest = blocks.pop() ?? "";
    if (this.#rest.length > LONGEST) throw new Error("an event is too long");
    return blocks.map(eventIn).filter(({ data }) => data !== "");
  }
}

function eventIn(block: string): ServerEvent {
  let name = "message";
  const data: string[] = [];
  for (const line of block.split("\n")) {
    const [, field, value = ""] = /^(\w+): ?(.*)$/s.exec(line) ?? [];
    if (field === "event") name = value;
    if (field === "data") data.push(value);
  }
  return { name, data: data.join("\n") };
}
