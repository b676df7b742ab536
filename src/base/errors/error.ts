import { failureText } from "./failure-text.ts";
import { type ErrorCode, type ErrorEntry, errorTable } from "./table.ts";

export type ErrorDetails = Record<string, string | number>;

/** The JSON form of an error, which is the same at the gateway, the API and the command line. */
export interface ErrorBody {
  error: { code: ErrorCode; message: string; cure: string; docs: string; id?: string };
}

/** An error of the table. `cause` holds the original failure. */
export class MayflyError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, details: ErrorDetails = {}, cause?: unknown) {
    super(fill(errorTable[code].message, details), cause === undefined ? undefined : { cause });
    this.name = "MayflyError";
    this.code = code;
    this.details = details;
  }

  get entry(): ErrorEntry {
    return errorTable[this.code];
  }

  get cure(): string {
    return fill(this.entry.cure, this.details);
  }

  /** @param id the invocation's id, if there is one */
  body(id?: string): ErrorBody {
    const { code, message, cure } = this;
    return { error: { code, message, cure, docs: `docs/errors.md#${code}`, ...(id === undefined ? {} : { id }) } };
  }
}

/** Returns what was thrown as an error of the table: unchanged if it is one, otherwise "internal" with the thrown value as cause. */
export function asMayflyError(thrown: unknown): MayflyError {
  if (thrown instanceof MayflyError) return thrown;
  return new MayflyError("internal", { what: failureText(thrown) }, thrown);
}

function fill(template: string, details: ErrorDetails): string {
  return template.replace(/\{(\w+)\}/g, (whole, key: string) => String(details[key] ?? whole));
}
