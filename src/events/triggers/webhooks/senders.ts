/** Who sends webhooks: how a delivery is checked, and which id it has by its sender. */
import { createHash } from "node:crypto";
import { type Delivery, headerOf, jsonIn, NotAccepted, type Received } from "./delivery.ts";
import { checkGithub, checkSlack, checkStandard, checkStripe } from "./signatures.ts";

export type SenderName = "github" | "stripe" | "slack" | "standard";

interface Sender {
  check(delivery: Delivery, secret: string): void;
  /** @param body as jsonIn() or a form's fields */
  id(delivery: Delivery, body: unknown): string;
  type(delivery: Delivery, body: unknown): string | null;
}

/** In characters: the key by which a delivery is known may have so many. */
const MOST_OF_ID = 200;
/** What the function gets of the headers: those that carry no credentials and say something of the event. */
const kept =
  /^(?:x-github-(?!.*token)|x-gitlab-event|webhook-id$|webhook-timestamp$|content-type$|user-agent$|x-slack-retry-|x-slack-request-timestamp$)/;

const senders: Readonly<Record<SenderName, Sender>> = {
  github: {
    check: checkGithub,
    id: (delivery) => headerOf(delivery, "X-GitHub-Delivery"),
    type: ({ headers }) => headers.get("x-github-event") ?? null,
  },
  stripe: {
    check: checkStripe,
    id: (_delivery, body) => fieldOf(body, "id") ?? missing("id"),
    type: (_delivery, body) => fieldOf(body, "type") ?? null,
  },
  slack: {
    check: checkSlack,
    // Commands and actions have no id of their own; a repetition has another time, and is another one.
    id: ({ headers, body: bytes }, body) =>
      fieldOf(body, "event_id") ?? fieldOf(body, "trigger_id") ?? digestOf(headers.get("x-slack-request-timestamp") ?? "", bytes),
    type: (_delivery, body) => fieldOf(fieldAt(body, "event"), "type") ?? fieldOf(body, "type") ?? fieldOf(body, "command") ?? null,
  },
  standard: {
    check: checkStandard,
    id: (delivery) => headerOf(delivery, "webhook-id"),
    type: (_delivery, body) => fieldOf(body, "type") ?? null,
  },
};

/** Throws NotAccepted if the delivery is not the sender's, or none that can be read. */
export function receive(name: SenderName, delivery: Delivery, secret: string): Received {
  const sender = senders[name];
  sender.check(delivery, secret);
  const body = bodyOf(delivery);
  const id = sender.id(delivery, body);
  if (id.length > MOST_OF_ID) throw new NotAccepted(`its id has more than ${MOST_OF_ID} characters`);
  const headers = Object.fromEntries([...delivery.headers].filter(([header]) => kept.test(header)));
  return { id, payload: { webhook: name, id, type: sender.type(delivery, body), headers, body } };
}

/** What Slack asks for once, when an address is entered there: the text that its answer must have. Undefined: it is an event. */
export function challengeIn(name: SenderName, { payload }: Received): string | undefined {
  const { body } = payload as { body: unknown };
  return name === "slack" && fieldOf(body, "type") === "url_verification" ? fieldOf(body, "challenge") : undefined;
}

/** JSON, or the fields of a form, of which `payload` may be JSON itself. */
function bodyOf({ headers, body }: Delivery): unknown {
  if (!(headers.get("content-type") ?? "").toLowerCase().startsWith("application/x-www-form-urlencoded")) return jsonIn(body);
  const fields = Object.fromEntries(new URLSearchParams(body.toString()));
  const { payload } = fields;
  return payload === undefined || Object.keys(fields).length > 1 ? fields : jsonIn(Buffer.from(payload));
}

function fieldAt(body: unknown, name: string): unknown {
  return typeof body === "object" && body !== null && Object.hasOwn(body, name) ? (body as Record<string, unknown>)[name] : undefined;
}

function fieldOf(body: unknown, name: string): string | undefined {
  const value = fieldAt(body, name);
  return typeof value === "string" && value !== "" ? value : undefined;
}

function missing(name: string): never {
  throw new NotAccepted(`its body has no ${name}`);
}

function digestOf(time: string, body: Buffer): string {
  return createHash("sha256").update(time).update(body).digest("hex");
}
