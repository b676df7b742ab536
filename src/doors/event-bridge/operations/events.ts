/** Events that are published, and patterns that are tried. */
import { randomUUID } from "node:crypto";
import type { BusEvent } from "../../../events/bus/bus.ts";
import type { Publication, Published } from "../../../events/bus/buses.ts";
import { matches } from "../../../patterns/matches.ts";
import { readPattern } from "../../../patterns/read-pattern.ts";
import { TooMuchWork } from "../../../patterns/work.ts";
import { traceInHeader } from "../../../telemetry/traces/trace-header.ts";
import { isObject, type Input } from "../../aws/input.ts";
import { invalid, ServiceError } from "../../aws/service-error.ts";
import { Constraints } from "../../lambda/constraints.ts";
import { readBusName } from "../arns.ts";
import type { EventBridgeCall, Operations } from "../call.ts";
import { assertPattern } from "./rules.ts";

export const events: Operations = {
  PutEvents: { right: "invoke", handle: put },
  TestEventPattern: { right: "read", handle: (call) => Promise.resolve(testPattern(call)) },
};

const MOST_ENTRIES = 10;
/** Of all entries of a request together. */
const MOST_BYTES = 1_048_576;

interface FailedEntry {
  ErrorCode: string;
  ErrorMessage: string;
}

/** An entry that is no good does not keep the others back. */
async function put(call: EventBridgeCall): Promise<object> {
  const { input, account, buses } = call;
  const entries = input.objects("Entries") ?? [];
  const shown = entries.map(() => "PutEventsRequestEntry");
  new Constraints().required("entries", input.raw("Entries")).count("entries", shown, 1, MOST_ENTRIES).check();
  const bytes = entries.reduce((sum, entry) => sum + bytesOf(entry), 0);
  if (bytes > MOST_BYTES) throw invalid(`Total size of the entries in the request is over the limit.`);
  const read = entries.map((entry) => readEntry(call, entry));
  const published = await buses.publish(
    account.tenant,
    read.flatMap((each) => ("event" in each ? [each] : [])),
  );
  let at = 0;
  const all = read.map((each) => ("event" in each ? outcomeOf(each, published[at++]!) : each));
  return { FailedEntryCount: all.filter((each) => "ErrorCode" in each).length, Entries: all };
}

function outcomeOf({ bus, event }: Publication, published: Published): { EventId: string } | FailedEntry {
  if (published.is === "done") return { EventId: event.id };
  if (published.is === "refused") return { ErrorCode: "ThrottlingException", ErrorMessage: published.why };
  return { ErrorCode: "ResourceNotFoundException", ErrorMessage: `Event bus ${bus} does not exist.` };
}

/** As AWS counts: the time counts 14 bytes, and the names of members nothing. */
function bytesOf(entry: Input): number {
  const texts = [entry.text("Source"), entry.text("DetailType"), entry.text("Detail"), ...(entry.texts("Resources") ?? [])];
  const time = entry.raw("Time") === undefined ? 0 : 14;
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text ?? ""), time);
}

function readEntry({ account, now }: EventBridgeCall, entry: Input): Publication | FailedEntry {
  const [source, type, text] = ["Source", "DetailType", "Detail"].map((name) => entry.text(name)) as [Text, Text, Text];
  for (const [name, value] of [
    ["Source", source],
    ["DetailType", type],
    ["Detail", text],
  ] as const)
    if (!value) return failed("InvalidArgument", `Parameter ${name} is not valid. Reason: ${name} is a required argument.`);
  if (source!.startsWith("aws.")) return failed("NotAuthorizedForSourceException", "Not authorized for the source.");
  const detail = objectIn(text!);
  if (detail === undefined) return failed("MalformedDetail", "Detail is malformed.");
  try {
    const bus = readBusName(entry.text("EventBusName"), account);
    const event = eventOf(account, { source: source!, type: type!, detail, entry, now });
    return { bus, event, trace: traceInHeader(entry.text("TraceHeader")) };
  } catch (error) {
    if (error instanceof ServiceError) return failed("InvalidArgument", error.message);
    throw error;
  }
}

type Text = string | undefined;

interface Read {
  source: string;
  type: string;
  detail: object;
  entry: Input;
  now: number;
}

function eventOf({ account, region }: EventBridgeCall["account"], { source, type, detail, entry, now }: Read): BusEvent {
  const seconds = entry.number("Time");
  const at = seconds === undefined ? now : 1_000 * seconds;
  return {
    version: "0",
    id: randomUUID(),
    "detail-type": type,
    source,
    account,
    time: `${new Date(Math.abs(at) <= 8.64e15 ? at : now).toISOString().slice(0, 19)}Z`,
    region,
    resources: entry.texts("Resources") ?? [],
    detail,
  };
}

function failed(ErrorCode: string, ErrorMessage: string): FailedEntry {
  return { ErrorCode, ErrorMessage };
}

function objectIn(text: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return isObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function testPattern({ input }: EventBridgeCall): object {
  const [pattern, text] = [input.text("EventPattern"), input.text("Event")];
  new Constraints().required("eventPattern", pattern).required("event", text).length("eventPattern", pattern, 0, 4_096).check();
  const event = objectIn(text!);
  if (event === undefined) throw invalid("Parameter Event is not valid.");
  assertPattern(pattern!);
  try {
    return { Result: matches(readPattern(pattern!), event) };
  } catch (error) {
    if (error instanceof TooMuchWork) throw new ServiceError("LimitExceededException", error.message);
    throw error;
  }
}
