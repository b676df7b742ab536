/** Carries results of events to queues, and what rules and schedules send there. */
import { traceHeaderOf } from "../telemetry/traces/trace-header.ts";
import { MayflyError } from "../base/errors/error.ts";
import type { ErrorCode } from "../base/errors/table.ts";
import type { Outcome, Performer } from "./performer.ts";

/** The `about` of an event for a queue. The lane's target is the queue's name. */
export interface QueueAbout {
  /** Whether the queue may be any of the app's tenant; otherwise it is the app's own, or shared with it. */
  ofTenant?: boolean;
  /** Whether the queue gets the payload of the event that was given up, with attributes that say why, as AWS Lambda's dead-letter queues do; otherwise all that came of it. */
  isDeadLetter?: boolean;
  /**
   * Whether a rule or a schedule sends it: the lane's app is the id of its tenant then, `ofTenant` is taken for granted, and a dead letter has the attributes that EventBridge's
   * have.
   */
  ofRule?: boolean;
  /** Of a FIFO queue: the group of the message. */
  group?: string;
  /** AWS's trace header. */
  trace?: string;
}

export interface QueueDelivery {
  /** Who sends: an app, or a tenant if it is no app. */
  from: { app: string } | { tenant: string };
  queue: string;
  ofTenant: boolean;
  body: string;
  attributes: Readonly<Record<string, { type: string; value: string }>>;
  /** The same for all attempts. */
  id: string;
  group: string | undefined;
  trace: string | undefined;
}

/** Deliveries to one queue at the same time. */
const AT_ONCE = 100;
/** That a message is not there, and may be later. */
const refusals: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["store-busy", "disk-full", "shutting-down"]);

/** @param send resolves when the message is on the disk */
export function queuePerformer(send: (delivery: QueueDelivery) => Promise<void>): Performer {
  return {
    limit: () => AT_ONCE,
    async perform({ id, payload, about, trace: own }, { app, target }): Promise<Outcome> {
      const { ofTenant = false, isDeadLetter = false, ofRule = false, group, trace = traceHeaderOf(own) } = (about ?? {}) as QueueAbout;
      const text = Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString();
      const letter = ofRule ? deadLetterOfRule : deadLetterOf;
      const to = { queue: target, ofTenant: ofTenant || ofRule, from: ofRule ? { tenant: app } : { app } };
      try {
        await send({ ...to, id, group, trace, ...(isDeadLetter ? letter(text) : { body: text, attributes: {} }) });
        return { kind: "done", result: Buffer.alloc(0) };
      } catch (error) {
        if (!(error instanceof MayflyError)) throw error;
        const why = error.message.replace(/\.$/, "");
        if (error.code === "no-such-queue") return { kind: "gone", why };
        return refusals.has(error.code) ? { kind: "refused", why } : { kind: "failed", why, result: Buffer.alloc(0) };
      }
    },
  };
}

interface EndRecord {
  requestContext?: { requestId?: unknown; condition?: unknown; approximateInvokeCount?: unknown };
  requestPayload?: unknown;
  responsePayload?: { errorMessage?: unknown } | null;
  error?: unknown;
}

/** In characters. */
const MOST_OF_REASON = 1_024;

function deadLetterOf(text: string): Pick<QueueDelivery, "body" | "attributes"> {
  const { requestContext, requestPayload, responsePayload } = JSON.parse(text) as EndRecord;
  const message = responsePayload?.errorMessage;
  return {
    body: JSON.stringify(requestPayload ?? null),
    attributes: {
      RequestID: { type: "String", value: String(requestContext?.requestId) },
      ErrorCode: { type: "Number", value: "200" },
      ...(typeof message === "string" && message !== "" && { ErrorMessage: { type: "String", value: message.slice(0, MOST_OF_REASON) } }),
    },
  };
}

/** What was to be done, with why it was not. */
function deadLetterOfRule(text: string): Pick<QueueDelivery, "body" | "attributes"> {
  const { requestContext, requestPayload, responsePayload, error } = JSON.parse(text) as EndRecord;
  const told = {
    // Functions of the Lambda API have their reason in what they replied.
    ERROR_MESSAGE: error ?? responsePayload?.errorMessage,
    ERROR_CODE: requestContext?.condition,
    RETRY_ATTEMPTS: requestContext?.approximateInvokeCount,
  };
  const attributes = Object.entries(told).flatMap(([name, value]) =>
    value === undefined || value === null || value === "" ? [] : [[name, { type: "String", value: shortened(value) }]],
  );
  return { body: JSON.stringify(requestPayload ?? null), attributes: Object.fromEntries(attributes) as QueueDelivery["attributes"] };
}

function shortened(value: unknown): string {
  return (typeof value === "string" ? value : JSON.stringify(value)).slice(0, MOST_OF_REASON);
}
