/**
 * Takes what others send to the triggers of apps: `POST /_mayfly/hooks/<app>/<trigger>`, for other tenants than `main` `/_mayfly/hooks/@<tenant>/<app>/<trigger>`. To the gateway
 * it is a dispatcher, which answers as soon as the deliveries are on the disk.
 *
 * 1. Nothing is accepted before the sender has shown that it has the secret.
 * 2. A delivery that comes again, by its sender's id, is answered like the first time and not taken.
 * 3. A signature or a token that is wrong counts as wrong credentials of the address that it comes from, as at the other doors.
 * 4. What is not there is answered 404, whether it is the tenant, the app or the trigger that is missing. Whoever knows the path of a trigger finds out that it exists:
 *    paths are no secrets, and a sender that signs wrongly is to be told so.
 */
import { MayflyError } from "../../base/errors/error.ts";
import { type CalleeParts } from "../../control/event-callees.ts";
import { remembering } from "../../base/remember/remembering.ts";
import type { WrongCredentials } from "../../clients/wrong-credentials.ts";
import { tenantOfUrl } from "../../control/names.ts";
import { triggerEvent } from "../../control/trigger-events.ts";
import type { Dispatcher, InvocationHandle, InvocationReply, InvocationRequest } from "../../dispatch/invocation.ts";
import type { Accepted } from "../../events/event.ts";
import type { Triggers } from "../../events/triggers/triggers.ts";
import { cloudEventsIn } from "../../events/triggers/webhooks/cloud-events.ts";
import { type Delivery, NotAccepted, type Received, WronglySigned } from "../../events/triggers/webhooks/delivery.ts";
import { challengeIn, receive } from "../../events/triggers/webhooks/senders.ts";
import { checkBearer } from "../../events/triggers/webhooks/signatures.ts";
import { type WholeAnswer, WholeCall } from "../../events/whole-call.ts";
import { matches } from "../../patterns/matches.ts";
import { readPattern } from "../../patterns/read-pattern.ts";
import { TooMuchWork } from "../../patterns/work.ts";
import { LIVE, type Names } from "../../store/catalog/catalog.ts";
import { type HookTrigger, isHook, namedTriggers } from "../../store/catalog/trigger-schema.ts";
import { NewTrace } from "../../telemetry/trace-context.ts";
import type { Route } from "../http/routes.ts";

export interface HooksOptions {
  names: Pick<Names, "holder" | "tenant">;
  callees: CalleeParts;
  triggers: Pick<Triggers, "fire">;
  /** Throws "no-such-secret". */
  secret: (app: string, name: string) => string;
  /** How many wrong signatures come from each address. */
  wrong: Pick<WrongCredentials, "count">;
  /** Of a body, the most bytes. */
  payloadBytes: number;
  /** Wall clock, ms. */
  now: () => number;
}

interface FoundHook {
  app: string;
  name: string;
  target: string;
  trigger: HookTrigger;
}

const PREFIX = "/_mayfly/hooks/";
const PATH = /^\/_mayfly\/hooks\/(?:@([\w-]{1,64})\/)?([\w-]{1,64})\/([\w-]{1,64})\/?$/;

export class Hooks implements Dispatcher {
  /** The route of all requests to triggers. */
  readonly route: Route;
  readonly #options: HooksOptions;

  constructor(options: HooksOptions) {
    this.#options = options;
    this.route = {
      tenant: "",
      app: "",
      appName: "_mayfly",
      function: "hooks",
      timeoutMs: 30_000,
      bodyLimitBytes: options.payloadBytes,
      webSockets: undefined,
      compress: false,
      rules: null,
      isolated: false,
      event: "http-v2",
      prefix: "",
    };
  }

  /** @param path with the query */
  owns(path: string): boolean {
    return path.startsWith(PREFIX);
  }

  dispatch(request: InvocationRequest, reply: InvocationReply): InvocationHandle {
    return new WholeCall(this.#options.payloadBytes, reply, (body) => this.#answer(request, body)).begin(request);
  }

  async #answer({ input, trace }: InvocationRequest, body: Buffer): Promise<WholeAnswer> {
    if (input.kind !== "http") throw new MayflyError("bad-request", { what: "a trigger takes requests alone" });
    const path = new URL(input.url).pathname;
    const headers = headersIn(input.headers);
    const found = this.#find(path);
    if (input.method === "OPTIONS") return mayCome(headers);
    if (input.method !== "POST" || found === undefined)
      throw new MayflyError("no-such-hook", { method: input.method.slice(0, 20), path: path.slice(0, 100) });
    const { now, triggers, callees } = this.#options;
    const received = this.#received(found, { headers, body, now: now() });
    const challenge = "webhook" in found.trigger ? challengeIn(found.trigger.webhook, received[0]!) : undefined;
    if (challenge !== undefined) return { status: 200, headers: ["content-type", "text/plain"], body: Buffer.from(challenge) };
    // A trace that the gateway has begun has no span of a sender.
    const senders = trace instanceof NewTrace ? undefined : trace;
    const kind = "webhook" in found.trigger ? "webhook" : "cloudevents";
    const events = received
      .filter(({ payload }) => isWanted(found, payload))
      .map(({ id, payload }) => triggerEvent(callees, { ...found, kind }, payload, { id, trace: senders }));
    return taken(await triggers.fire(found.app, "manifest", found.name, events));
  }

  #find(path: string): FoundHook | undefined {
    const { names, callees } = this.#options;
    const [, tenantName = null, appName, name] = PATH.exec(path) ?? [];
    const tenant = appName === undefined ? undefined : tenantOfUrl(names, tenantName, false);
    const holder = tenant === undefined ? undefined : names.holder(tenant, appName!);
    if (holder?.kind !== "app") return undefined;
    const { functions } = callees.reach(holder.id, LIVE)?.revision.manifest ?? { functions: {} };
    const known = namedTriggers(functions).find((each) => each.name === name);
    if (known === undefined || !isHook(known.trigger)) return undefined;
    return { app: holder.id, name: known.name, target: known.function, trigger: known.trigger };
  }

  /** Throws "webhook-refused", and "too-many-wrong-credentials". */
  #received({ app, name, trigger }: FoundHook, delivery: Delivery): Received[] {
    const secret = this.#options.secret(app, trigger.secret);
    try {
      if ("webhook" in trigger) return [receive(trigger.webhook, delivery, secret)];
      checkBearer(delivery, secret);
      return cloudEventsIn(delivery);
    } catch (error) {
      const retryAfterS = error instanceof WronglySigned ? this.#options.wrong.count(addressIn(delivery.headers)) : 0;
      if (retryAfterS > 0) throw new MayflyError("too-many-wrong-credentials", { retryAfterS }, error);
      if (error instanceof NotAccepted) throw new MayflyError("webhook-refused", { trigger: name, what: error.message }, error);
      throw error;
    }
  }
}

/** Patterns that are used again and again. */
const patternOf = remembering(1_000, readPattern);

/** Throws "webhook-refused". */
function isWanted({ name, trigger: { filter } }: FoundHook, payload: unknown): boolean {
  try {
    return filter === undefined || matches(patternOf(JSON.stringify(filter)), payload);
  } catch (error) {
    if (error instanceof TooMuchWork) throw new MayflyError("webhook-refused", { trigger: name, what: error.message }, error);
    throw error;
  }
}

function headersIn(list: readonly string[]): Map<string, string> {
  const headers = new Map<string, string>();
  for (let at = 0; at < list.length; at += 2) {
    const name = list[at]!.toLowerCase();
    if (!headers.has(name)) headers.set(name, list[at + 1]!);
  }
  return headers;
}

/** The sender's address: the gateway writes the header anew, see doors/http/request-headers.ts. */
function addressIn(headers: ReadonlyMap<string, string>): string {
  return (headers.get("x-forwarded-for") ?? "").split(",", 1)[0]!.trim();
}

/** Whether a sender of CloudEvents may send here is answered to everybody who asks: it must show the secret anyway. */
function mayCome(headers: ReadonlyMap<string, string>): WholeAnswer {
  const origin = headers.get("webhook-request-origin");
  const allowed = origin === undefined ? [] : ["webhook-allowed-origin", origin, "webhook-allowed-rate", "*"];
  return { status: 200, headers: ["allow", "POST, OPTIONS", ...allowed], body: Buffer.alloc(0) };
}

function taken(events: readonly Accepted[]): WholeAnswer {
  const body = Buffer.from(`${JSON.stringify({ events })}\n`);
  return { status: 202, headers: ["content-type", "application/json"], body };
}
