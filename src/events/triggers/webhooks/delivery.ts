/** What a door got from a sender, and what is made of it. */
export interface Delivery {
  /** By their names in lower case. */
  headers: ReadonlyMap<string, string>;
  body: Buffer;
  /** Wall clock, ms. */
  now: number;
}

/** What the function gets of one delivery. */
export interface Received {
  /** The sender's own id: a delivery that comes again is not taken twice. */
  id: string;
  payload: unknown;
}

/** Why a delivery is not accepted, as a clause. */
export class NotAccepted extends Error {}

/** The sender has shown something, and it is not what whoever has the secret would show. */
export class WronglySigned extends NotAccepted {}

export function headerOf({ headers }: Delivery, name: string): string {
  const value = headers.get(name.toLowerCase());
  if (value === undefined || value === "") throw new NotAccepted(`it has no header ${name}`);
  return value;
}

/** Throws NotAccepted. */
export function jsonIn(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString()) as unknown;
  } catch {
    throw new NotAccepted("its body is no JSON");
  }
}
