/**
 * Reads CloudEvents 1.0 from a request: structured, binary or batched.
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
 */
import { type Delivery, jsonIn, NotAccepted, type Received } from "./delivery.ts";

const STRUCTURED = "application/cloudevents+json";
const BATCHED = "application/cloudevents-batch+json";
const MOST_IN_BATCH = 100;
const MOST_ATTRIBUTES = 100;
/** In characters, of source and id together. */
const MOST_OF_ID = 1_024;
const REQUIRED = ["id", "source", "specversion", "type"] as const;
const ATTRIBUTE = /^[a-z0-9]{1,64}$/;

/** Each event in its JSON form. Throws NotAccepted. */
export function cloudEventsIn(delivery: Delivery): Received[] {
  const type = (delivery.headers.get("content-type") ?? "").toLowerCase().split(";", 1)[0]!.trim();
  if (type === STRUCTURED) return [received(jsonIn(delivery.body))];
  if (type === BATCHED) return batch(jsonIn(delivery.body));
  if (type.startsWith("application/cloudevents"))
    throw new NotAccepted(`it has the content type ${type.slice(0, 100)}, and can be JSON alone`);
  return [received(binary(delivery, type))];
}

function batch(events: unknown): Received[] {
  if (!Array.isArray(events)) throw new NotAccepted("its body is no list of events");
  if (events.length > MOST_IN_BATCH) throw new NotAccepted(`it has ${events.length} events, and may have ${MOST_IN_BATCH}`);
  return events.map(received);
}

/** Attributes are headers, and the body is the data. */
function binary({ headers, body }: Delivery, type: string): unknown {
  const event: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [name, value] of headers) if (name.startsWith("ce-")) event[name.slice(3)] = decoded(value);
  if (Object.keys(event).length === 0) throw new NotAccepted("it has neither the headers of a CloudEvent nor the content type of one");
  if (type !== "") event["datacontenttype"] = headers.get("content-type");
  if (body.length === 0) return event;
  if (/^application\/(?:[\w.-]+\+)?json$/.test(type) || type === "") event["data"] = jsonIn(body);
  else if (type.startsWith("text/") || type === "application/xml") event["data"] = body.toString();
  else event["data_base64"] = body.toString("base64");
  return event;
}

/** Header values are percent-encoded where they have other characters than printable ASCII. */
function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

function received(given: unknown): Received {
  if (typeof given !== "object" || given === null || Array.isArray(given)) throw new NotAccepted("an event is no object");
  const event = given as Record<string, unknown>;
  const attributes = Object.keys(event).filter((name) => name !== "data" && name !== "data_base64");
  if (attributes.length > MOST_ATTRIBUTES) throw new NotAccepted(`an event has more than ${MOST_ATTRIBUTES} attributes`);
  for (const name of attributes)
    if (!ATTRIBUTE.test(name))
      throw new NotAccepted(`an event has the attribute ${name.slice(0, 80)}, whose name must be of small letters and digits`);
  for (const name of REQUIRED)
    if (typeof event[name] !== "string" || event[name] === "")
      throw new NotAccepted(`an event has no ${name}, which CloudEvents 1.0 requires`);
  const { id, source, specversion } = event as Record<(typeof REQUIRED)[number], string>;
  if (specversion !== "1.0") throw new NotAccepted(`an event has the specversion ${specversion.slice(0, 20)}, and only 1.0 is known`);
  if (Object.hasOwn(event, "data") && Object.hasOwn(event, "data_base64")) throw new NotAccepted("an event has both data and data_base64");
  if (source.length + id.length > MOST_OF_ID) throw new NotAccepted(`an event's source and id have more than ${MOST_OF_ID} characters`);
  // Source and id together tell events apart.
  return { id: JSON.stringify([source, id]), payload: event };
}
