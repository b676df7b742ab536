/** Errors of the server, with its code, its words and its cure. */
import type { components } from "./openapi.ts";

type ErrorInfo = components["schemas"]["Error"]["error"];

/** docs/errors.md has a section of each. A newer server may have codes that this version does not know. */
export type ErrorCode = ErrorInfo["code"];

export class MayflyError extends Error {
  readonly code: ErrorCode;
  /** What to do about it, in words. */
  readonly cure: string;
  /** Where it is explained, in Mayfly's folder. */
  readonly docs: string;
  /** The invocation's, if it is of one. */
  readonly invocation: string | undefined;
  /** Of the reply; 0: there was none. */
  readonly status: number;

  constructor({ code, message, cure, docs, id }: ErrorInfo, status: number, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "MayflyError";
    this.code = code;
    this.cure = cure;
    this.docs = docs;
    this.invocation = id;
    this.status = status;
  }
}

/**
 * The platform's error that a reply is; undefined if it is what a function answered. The reply's body stays unread.
 * A function can answer in the form of the platform's errors, and is taken for it then.
 */
export async function errorOf(response: Response): Promise<MayflyError | undefined> {
  if (response.ok || !/^application\/json\b/.test(response.headers.get("content-type") ?? "")) return undefined;
  try {
    const { error } = (await response.clone().json()) as { error?: Partial<ErrorInfo> };
    const { code, message, cure, docs, id } = error ?? {};
    if ([code, message, cure, docs].some((text) => typeof text !== "string")) return undefined;
    return new MayflyError({ code: code!, message: message!, cure: cure!, docs: docs!, ...(typeof id === "string" && { id }) }, response.status);
  } catch {
    return undefined;
  }
}
