/**
 * Speaks ACME (RFC 8555) with a certificate authority: an account, an order for a name, the proof by HTTP-01, a certificate. Requests are signed by the library jose.
 *
 * 1. What the authority answers is foreign: only what is used of it is read, each with its type checked, and what it says goes into errors as one short line.
 * 2. Each request has a nonce that the authority gave; one that it no longer takes is replaced, a few times.
 * 3. The authority is asked again at its own pace, but no slower than once in MOST_PAUSE_MS, and for MOST_POLLS times.
 */
import type { KeyObject } from "node:crypto";
import { calculateJwkThumbprint, FlattenedSign, type JWK } from "jose";
import { AcmeFailure, failureOf, jsonOf, listIn, objectsIn, textIn } from "./acme-answers.ts";
import type { AcmeAnswer, AcmeFetch } from "./acme-fetch.ts";

export interface AcmeAccount {
  /** On the curve P-256. */
  privateKey: KeyObject;
  publicJwk: JWK;
  /** Told to the authority, which may write there. */
  email: string | undefined;
}

export interface AcmeClientOptions {
  /** The address at which the authority says where everything is. */
  directory: string;
  account: AcmeAccount;
  fetch: AcmeFetch;
  /** Resolves after so many milliseconds; rejects if the server closes. */
  pause: (ms: number) => Promise<void>;
}

/** What an order needs of the server. */
export interface OrderParts {
  /** Answers requests for the token with the text from now on; returns what ends that. */
  answer: (token: string, text: string) => () => void;
  /** The request of PKCS #10 for the name's certificate, as DER. */
  request: Buffer;
}

const NONCES = 5;
const MOST_POLLS = 60;
const LEAST_PAUSE_MS = 1_000;
const MOST_PAUSE_MS = 15_000;

export class AcmeClient {
  readonly #options: AcmeClientOptions;
  #places: Map<string, string> | undefined;
  #nonce: string | undefined;
  /** The address of the account, by which it signs. */
  #kid: string | undefined;

  constructor(options: AcmeClientOptions) {
    this.#options = options;
  }

  /** Returns a chain of certificates for the name as PEM, its own first. Rejects with an AcmeFailure, and with what the connection failed with. */
  async order(name: string, { answer, request }: OrderParts): Promise<string> {
    await this.#signIn();
    const made = await this.#post(await this.#place("newOrder"), { identifiers: [{ type: "dns", value: name }] });
    const at = locationOf(made);
    for (const authorization of listIn(jsonOf(made), "authorizations")) await this.#prove(authorization, answer);
    const ready = await this.#until(at, ["ready", "valid"]);
    if (textIn(ready, "status") === "ready") await this.#post(textIn(ready, "finalize"), { csr: request.toString("base64url") });
    const valid = await this.#until(at, ["valid"]);
    return (await this.#post(textIn(valid, "certificate"), undefined, "application/pem-certificate-chain")).text;
  }

  async #prove(authorization: string, answer: OrderParts["answer"]): Promise<void> {
    const asked = jsonOf(await this.#post(authorization));
    if (textIn(asked, "status") === "valid") return;
    const challenge = objectsIn(asked, "challenges").find(({ type }) => type === "http-01");
    if (challenge === undefined) throw new AcmeFailure("the authority does not take proofs by HTTP (http-01) for this name");
    const token = textIn(challenge, "token");
    if (!/^[\w-]{1,200}$/.test(token)) throw new AcmeFailure("the authority gave a token of an odd form");
    const stop = answer(token, `${token}.${await calculateJwkThumbprint(this.#options.account.publicJwk)}`);
    try {
      await this.#post(textIn(challenge, "url"), {});
      await this.#until(authorization, ["valid"]);
    } finally {
      stop();
    }
  }

  /** Asks until the object has one of the states. */
  async #until(url: string, states: string[]): Promise<Record<string, unknown>> {
    let pauseMs = LEAST_PAUSE_MS;
    for (let time = 0; time < MOST_POLLS; time++) {
      const answer = await this.#post(url);
      const found = jsonOf(answer);
      const state = textIn(found, "status");
      if (states.includes(state)) return found;
      if (!["pending", "processing", "ready"].includes(state)) throw failureOf(found, `the authority calls it ${state.slice(0, 40)}`);
      await this.#options.pause(Math.min(MOST_PAUSE_MS, Math.max(pauseMs, retryAfterMs(answer) ?? 0)));
      pauseMs *= 1.5;
    }
    throw new AcmeFailure("the authority did not decide in time");
  }

  /** An account that the key has already is found again. */
  async #signIn(): Promise<void> {
    if (this.#kid !== undefined) return;
    const { email } = this.#options.account;
    const contact = email === undefined ? {} : { contact: [`mailto:${email}`] };
    this.#kid = locationOf(await this.#post(await this.#place("newAccount"), { termsOfServiceAgreed: true, ...contact }));
  }

  /** @param payload undefined: the object at the address is asked for */
  async #post(url: string, payload?: object, accept?: string): Promise<AcmeAnswer> {
    for (let time = 1; ; time++) {
      const body = await this.#signed(url, payload);
      const answer = await this.#options.fetch(url, { method: "POST", body, ...(accept !== undefined && { accept }) });
      this.#nonce = headerOf(answer, "replay-nonce");
      if (answer.status < 400) return answer;
      const failure = failureOf(parsed(answer), `the authority answers with the status ${answer.status}`, retryAfterMs(answer));
      if (failure.type !== "badNonce" || time === NONCES) throw failure;
    }
  }

  async #signed(url: string, payload: object | undefined): Promise<string> {
    const { privateKey, publicJwk } = this.#options.account;
    const text = payload === undefined ? "" : JSON.stringify(payload);
    const who = this.#kid === undefined ? { jwk: publicJwk } : { kid: this.#kid };
    const nonce = this.#nonce ?? (await this.#newNonce());
    this.#nonce = undefined;
    const signed = await new FlattenedSign(Buffer.from(text)).setProtectedHeader({ alg: "ES256", nonce, url, ...who }).sign(privateKey);
    return JSON.stringify(signed);
  }

  async #newNonce(): Promise<string> {
    const nonce = headerOf(await this.#options.fetch(await this.#place("newNonce"), { method: "HEAD" }), "replay-nonce");
    if (nonce === undefined) throw new AcmeFailure("the authority gave no nonce");
    return nonce;
  }

  async #place(name: string): Promise<string> {
    const { directory, fetch } = this.#options;
    if (this.#places === undefined) {
      const answer = await fetch(directory, { method: "GET" });
      if (answer.status !== 200) throw new AcmeFailure(`${directory} answers with the status ${answer.status}`);
      const found = jsonOf(answer);
      this.#places = new Map(["newNonce", "newAccount", "newOrder"].map((each) => [each, textIn(found, each)]));
    }
    return this.#places.get(name)!;
  }
}

function locationOf(answer: AcmeAnswer): string {
  const location = headerOf(answer, "location");
  if (location === undefined) throw new AcmeFailure("the authority did not say where it keeps what it made");
  return location;
}

function headerOf({ headers }: AcmeAnswer, name: string): string | undefined {
  const value = headers[name];
  return typeof value === "string" && value.length <= 2_048 ? value : undefined;
}

function parsed(answer: AcmeAnswer): Record<string, unknown> {
  try {
    return jsonOf(answer);
  } catch {
    return {};
  }
}

/** Dates are not read: the authority is asked again soon enough. */
function retryAfterMs(answer: AcmeAnswer): number | undefined {
  const seconds = Number(headerOf(answer, "retry-after"));
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1_000 : undefined;
}
