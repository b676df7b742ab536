import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { MayflyError } from "../../base/errors/error.ts";
import { makeOnce } from "../../store/state-folder/make-once.ts";

/** The API's token, created at the first start: 32 random bytes, in a file with mode 0600. Throws "state-unusable". */
export function ensureToken(file: string): string {
  try {
    makeOnce(file, `${randomBytes(32).toString("base64url")}\n`);
    return usable(readFileSync(file, "utf8").trim());
  } catch (error) {
    throw new MayflyError("state-unusable", { file, what: error instanceof Error ? error.message : String(error) }, error);
  }
}

/** Throws if the token is too short: an empty one would let everybody in. */
function usable(token: string): string {
  if (token.length < 16) throw new Error("the token in it is shorter than 16 characters; delete the file to get a new one");
  return token;
}
