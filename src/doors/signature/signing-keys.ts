/**
 * The keys by which requests are signed: each follows from a secret, a day, a region and a service by four HMACs, and clients use one for a day.
 *
 * Owns: those of right signatures, the last MOST_KEPT.
 * 1. Nothing is kept of a wrong signature, so that whoever knows the id of somebody's key makes nothing be forgotten.
 * 2. A wrong signature takes one derivation, whether anybody has the key that it names and whether that is kept here: the time of a refusal does not tell which keys exist.
 */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Signature } from "./read-signature.ts";
import { hmacSha256Hex } from "./sha256.ts";
import { signatureOf, type WholeRequest } from "./signature-of.ts";

export type DeriveKey = (secret: string, scope: Pick<Signature, "day" | "region" | "service">) => Buffer;

const MOST_KEPT = 1_000;

export const deriveKey: DeriveKey = (secret, { day, region, service }) => {
  const steps = [day, region, service, "aws4_request"];
  return steps.reduce((last, step) => createHmac("sha256", last).update(step).digest(), Buffer.from(`AWS4${secret}`));
};

export class SigningKeys {
  readonly #derive: DeriveKey;
  readonly #kept = new Map<string, { secret: string; key: Buffer }>();
  /** Stands for the secrets that nobody has. */
  readonly #nobodys = randomBytes(32).toString("hex");

  constructor(derive: DeriveKey = deriveKey) {
    this.#derive = derive;
  }

  /** Whether the request has the signature that it should have. @param secret of the key that it names; null: nobody has that key, and no signature is right */
  isRight(request: WholeRequest, given: Signature, secret: string | null): boolean {
    return this.#fits(given, secret, (key) => signatureOf(request, given, key));
  }

  /** As isRight(), where what is signed is a text itself. */
  isRightFor(text: string, given: Signature, secret: string | null): boolean {
    return this.#fits(given, secret, (key) => hmacSha256Hex(key, text));
  }

  /** The key of a request whose signature was right. */
  keyOf(given: Signature, secret: string): Buffer {
    return this.#keptFor(given, secret) ?? this.#derive(secret, given);
  }

  #fits(given: Signature, secret: string | null, sign: (key: Buffer) => string): boolean {
    const kept = secret === null ? undefined : this.#keptFor(given, secret);
    const key = kept ?? this.#derive(secret ?? this.#nobodys, given);
    const isRight = equalInConstantTime(given.signature, sign(key)) && secret !== null;
    if (isRight && kept === undefined) this.#keep(given, secret, key);
    if (!isRight && kept !== undefined) this.#derive(this.#nobodys, given);
    return isRight;
  }

  #keptFor(given: Signature, secret: string): Buffer | undefined {
    const entry = this.#kept.get(nameOf(given));
    return entry?.secret === secret ? entry.key : undefined;
  }

  #keep(given: Signature, secret: string, key: Buffer): void {
    if (this.#kept.size >= MOST_KEPT) this.#kept.clear();
    this.#kept.set(nameOf(given), { secret, key });
  }
}

function nameOf({ accessKeyId, day, region, service }: Signature): string {
  return `${accessKeyId} ${day} ${region} ${service}`;
}

function equalInConstantTime(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}
