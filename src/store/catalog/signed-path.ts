/**
 * Paths that let whoever has them call one function for a time: `/any/path?any=query&mayfly-expires=…&mayfly-signature=…`. What is signed, with HMAC-SHA256
 * and the app's key, is the function's name, the method, and the path with all of its query up to the signature. So nothing of it can be changed, and
 * nothing can follow it. The path is as the function sees it: the same signature holds below every host and prefix of the function.
 */
import { createHmac, timingSafeEqual } from "node:crypto";

/** A call as its function sees it. */
export interface SignedCall {
  function: string;
  method: string;
  /** The path with its query. */
  path: string;
}

export type PathVerdict =
  | { is: "bad" | "expired" }
  /** `path` is without what was added to sign it. */
  | { is: "good"; path: string };

const EXPIRES = "mayfly-expires";
const SIGNATURE = "mayfly-signature";
const SIGNED = new RegExp(`[?&]${EXPIRES}=(\\d{1,12})&${SIGNATURE}=([\\w-]{43})$`);

/** @param expiresS when the signature ends to hold, in seconds since the epoch */
export function signPath(key: Uint8Array, call: SignedCall, expiresS: number): string {
  const path = `${call.path}${call.path.includes("?") ? "&" : "?"}${EXPIRES}=${expiresS}`;
  return `${path}&${SIGNATURE}=${signatureOf(key, { ...call, path }).toString("base64url")}`;
}

/** Whether the path is a signed one, even if somebody has changed it since. */
export function isSigned(path: string): boolean {
  return path.includes(SIGNATURE);
}

/** @param key the app's; undefined if it has none, so that nothing can have been signed @param now milliseconds since the epoch */
export function checkPath(key: Uint8Array | undefined, call: SignedCall, now: number): PathVerdict {
  const { path } = call;
  const [, expires, given] = SIGNED.exec(path) ?? [];
  if (key === undefined || expires === undefined || given === undefined) return { is: "bad" };
  const signed = path.slice(0, path.length - given.length - SIGNATURE.length - 2);
  const wanted = signatureOf(key, { ...call, path: signed });
  if (!timingSafeEqual(Buffer.from(given, "base64url"), wanted)) return { is: "bad" };
  if (Number(expires) * 1_000 <= now) return { is: "expired" };
  const unsigned = signed.slice(0, signed.length - expires.length - EXPIRES.length - 2);
  return { is: "good", path: unsigned };
}

/** Neither names, nor methods, nor paths of HTTP have a line break, so that no two calls give the same text. */
function signatureOf(key: Uint8Array, { function: name, method, path }: SignedCall): Buffer {
  return createHmac("sha256", key).update(`mayfly signed path 1\n${name}\n${method}\n${path}`).digest();
}
