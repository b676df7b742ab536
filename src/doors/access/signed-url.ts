/** Checks the signatures of URLs that `mayfly sign` has made. */
import { MayflyError } from "../../base/errors/error.ts";
import { checkPath, isSigned } from "../../store/catalog/signed-path.ts";
import type { AccessRules } from "./rules.ts";
import { absent, headersOf, refused, type Verdict } from "./verdict.ts";

/** The key of an app, by its id; undefined if nothing was signed for it. */
export type FindSigningKey = (app: string) => Uint8Array | undefined;

const headers = headersOf("signed-url", undefined);

/** Whether the app still has the key by which a URL was signed that was good. */
export function isStillKey(find: FindSigningKey, app: string, signedBy: Uint8Array | undefined): boolean {
  const key = find(app);
  return key !== undefined && signedBy !== undefined && Buffer.compare(key, signedBy) === 0;
}

/** @param now milliseconds since the epoch */
export function checkSignedUrl(
  find: FindSigningKey,
  { app, appName, function: name }: AccessRules,
  { method, path }: { method: string; path: string },
  now: number,
): Verdict {
  // Only then is the key looked for, which may take a query.
  if (!isSigned(path)) return absent;
  const key = find(app);
  const found = checkPath(key, { function: name, method, path }, now);
  if (found.is === "good") return { is: "caller", caller: { way: "signed-url", key: null, headers, path: found.path, signedBy: key! } };
  const what = found.is === "expired" ? "the signed URL has expired" : "the signature of the URL is not that of this method and this URL";
  return refused(new MayflyError("credentials-refused", { app: appName, function: name, what }));
}
