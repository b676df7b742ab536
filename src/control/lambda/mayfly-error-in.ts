import { type ErrorCode } from "../../base/errors/table.ts";
import { MayflyError } from "../../base/errors/error.ts";

/** Returns a function for catch() that lets errors of these codes pass as undefined, and throws every other. */
export function mayflyErrorIn(codes: readonly ErrorCode[]): (error: unknown) => undefined {
  return (error) => {
    if (!(error instanceof MayflyError && codes.includes(error.code))) throw error;
  };
}
