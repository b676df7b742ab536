/** Checks who signed a delivery. Each throws NotAccepted, and WronglySigned if there is a signature or a token that is wrong. Signatures are compared in constant time. */
import { createHmac, timingSafeEqual } from "node:crypto";
import { type Delivery, headerOf, WronglySigned } from "./delivery.ts";

/** How old a signature may be, and how far the sender's clock may be ahead. It bounds how long a recorded delivery can be sent again. Seconds. */
const TOLERANCE_S = 300;
/** Senders list several while they change secrets. */
const MOST_SIGNATURES = 10;

/** https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries */
export function checkGithub(delivery: Delivery, secret: string): void {
  assertOneOf([headerOf(delivery, "X-Hub-Signature-256")], `sha256=${hmac(secret, delivery.body).toString("hex")}`);
}

/** https://docs.stripe.com/webhooks#verify-manually */
export function checkStripe(delivery: Delivery, secret: string): void {
  const parts = headerOf(delivery, "Stripe-Signature")
    .split(",")
    .map((part) => part.trim());
  const time = parts.find((part) => part.startsWith("t="))?.slice(2) ?? "";
  assertRecent(time, delivery.now);
  const given = parts.filter((part) => part.startsWith("v1=")).map((part) => part.slice(3));
  assertOneOf(given, hmac(secret, `${time}.`, delivery.body).toString("hex"));
}

/** https://api.slack.com/authentication/verifying-requests-from-slack */
export function checkSlack(delivery: Delivery, secret: string): void {
  const time = headerOf(delivery, "X-Slack-Request-Timestamp");
  assertRecent(time, delivery.now);
  assertOneOf([headerOf(delivery, "X-Slack-Signature")], `v0=${hmac(secret, `v0:${time}:`, delivery.body).toString("hex")}`);
}

/** https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
export function checkStandard(delivery: Delivery, secret: string): void {
  const id = headerOf(delivery, "webhook-id");
  const time = headerOf(delivery, "webhook-timestamp");
  assertRecent(time, delivery.now);
  const key = secret.startsWith("whsec_") ? Buffer.from(secret.slice("whsec_".length), "base64") : secret;
  const given = headerOf(delivery, "webhook-signature").split(" ");
  assertOneOf(given, `v1,${hmac(key, `${id}.${time}.`, delivery.body).toString("base64")}`);
}

/** A token that the sender shows: https://github.com/cloudevents/spec/blob/main/cloudevents/http-webhook.md#3-authorization */
export function checkBearer(delivery: Delivery, secret: string): void {
  const token = /^Bearer +(\S+)$/i.exec(headerOf(delivery, "Authorization"))?.[1] ?? "";
  if (!isEqual(token, secret)) throw new WronglySigned("its token is not the secret");
}

function hmac(key: string | Buffer, ...parts: (string | Buffer)[]): Buffer {
  const digest = createHmac("sha256", key);
  for (const part of parts) digest.update(part);
  return digest.digest();
}

function assertRecent(time: string, now: number): void {
  if (!/^\d{1,12}$/.test(time)) throw new WronglySigned("its signature has no time");
  const off = Math.abs(now / 1_000 - Number(time));
  if (off > TOLERANCE_S) throw new WronglySigned(`its time is ${Math.round(off)} s off this server's, and ${TOLERANCE_S} s are allowed`);
}

function assertOneOf(given: readonly string[], wanted: string): void {
  if (!given.slice(0, MOST_SIGNATURES).some((each) => isEqual(each, wanted)))
    throw new WronglySigned("its signature is not that of its body with the secret");
}

/** The digests have one length, whatever the texts are. */
function isEqual(one: string, other: string): boolean {
  const digest = (text: string) => createHmac("sha256", "compared").update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
