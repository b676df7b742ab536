/**
 * Carries results to URLs: each is a POST that is signed as Standard Webhooks says (https://www.standardwebhooks.com), if the destination names a secret. The receiver knows a
 * repeated delivery by its `webhook-id`.
 */
import { createHmac } from "node:crypto";
import type { Outcome, Performer } from "./performer.ts";

/** The `about` of an event for a URL. The lane's target is the URL. */
export interface HttpAbout {
  /** The name of the app's secret by which deliveries are signed. */
  secret?: string;
}

export interface HttpPerformerOptions {
  /** Rejects if there is no whole answer. */
  post: (
    app: string,
    url: URL,
    headers: Record<string, string>,
    body: Uint8Array,
    signal: AbortSignal,
  ) => Promise<{ status: number; body: Buffer }>;
  /** Throws "no-such-secret". */
  secret: (app: string, name: string) => string;
  /** Wall clock, ms. */
  now: () => number;
}

/** How long a receiver may take, milliseconds. */
const TIMEOUT_MS = 30_000;
/** Deliveries to one URL at the same time. */
const AT_ONCE = 10;
const GONE = 410;

export function httpPerformer({ post, secret, now }: HttpPerformerOptions): Performer {
  return {
    limit: () => AT_ONCE,
    async perform({ id, payload, about }, { app, target }): Promise<Outcome> {
      const { secret: name } = (about ?? {}) as HttpAbout;
      const timestamp = String(Math.floor(now() / 1_000));
      const headers: Record<string, string> = {
        "content-type": "application/json",
        "content-length": String(payload.length),
        "webhook-id": id,
        "webhook-timestamp": timestamp,
      };
      try {
        if (name !== undefined) headers["webhook-signature"] = signatureOf(secret(app, name), id, timestamp, payload);
        const { status, body } = await post(app, new URL(target), headers, payload, AbortSignal.timeout(TIMEOUT_MS));
        if (status >= 200 && status < 300) return { kind: "done", result: body };
        if (status === GONE) return { kind: "gone", why: "the receiver answered with the status 410: it wants no more of them" };
        return { kind: "failed", why: `the receiver answered with the status ${status}`, result: body };
      } catch (error) {
        return { kind: "failed", why: error instanceof Error ? error.message : String(error), result: Buffer.alloc(0) };
      }
    },
  };
}

/** @param secret `whsec_` and base64, as Standard Webhooks writes keys, or the key's text itself */
export function signatureOf(secret: string, id: string, timestamp: string, payload: Uint8Array): string {
  const key = secret.startsWith("whsec_") ? Buffer.from(secret.slice("whsec_".length), "base64") : Buffer.from(secret);
  return `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.`).update(payload).digest("base64")}`;
}
