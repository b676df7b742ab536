/** What a way to show who calls comes to. */
import type { MayflyError } from "../../base/errors/error.ts";

/** Somebody who has shown to be who they are. */
export interface Caller {
  way: "token" | "aws" | "jwt" | "signed-url";
  /** Who it is, for rate limits: no two callers of a way have the same. Null: whoever calls, so that the address tells callers apart. */
  key: string | null;
  /** What the function is told: name, value, name, value … of headers that callers cannot send themselves. */
  headers: readonly string[];
  /** The path that the function is to see, if it is not the request's. */
  path?: string;
  /** The SHA-256 (hex) that the body must have. */
  bodySha256?: string;
  /** Of the way `aws`. */
  accessKeyId?: string;
  /** Of the way `jwt`: from when on the token is refused, in milliseconds since the epoch. */
  until?: number;
  /** Of the way `signed-url`: the key by which the URL was signed. */
  signedBy?: Uint8Array;
}

export type Verdict = { is: "absent" } | { is: "caller"; caller: Caller } | { is: "refused"; error: MayflyError; isWrong: boolean };

export const absent: Verdict = { is: "absent" };

/** @param isWrong whether what the caller has shown counts as wrong credentials of its address. Default: if they were refused */
export function refused(error: MayflyError, isWrong = error.code === "credentials-refused"): Verdict {
  return { is: "refused", error, isWrong };
}

/** @param name any text @param claims what is known of the caller, which goes to the function as JSON */
export function headersOf(way: Caller["way"], name: string | undefined, claims?: object): string[] {
  const headers = ["x-mayfly-caller-way", way];
  if (name !== undefined) headers.push("x-mayfly-caller", percentEncoded(name));
  if (claims !== undefined) headers.push("x-mayfly-caller-claims", Buffer.from(JSON.stringify(claims)).toString("base64url"));
  return headers;
}

/** Names are foreign text, and a header's value has neither line breaks nor characters beyond ASCII. Common names stay as they are. */
function percentEncoded(name: string): string {
  return name.toWellFormed().replace(/[^\x21-\x24\x26-\x7e]/gu, (character) => encodeURIComponent(character));
}
