import { S3Error } from "../s3-error.ts";

/** How far a client's clock may be off. */
export const SKEW_MS = 900_000;

/** Throws "AccessDenied" if the text is no date, and "RequestTimeTooSkewed" if it is too far from now. @param now wall clock, ms */
export function refuseSkew(date: string, now: number): void {
  const at = Date.parse(date.trim().replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"));
  if (Number.isNaN(at) || at < 0) throw new S3Error("AccessDenied", {}, "AWS authentication requires a valid Date or x-amz-date header");
  if (Math.abs(now - at) <= SKEW_MS) return;
  throw new S3Error("RequestTimeTooSkewed", {
    RequestTime: date.slice(0, 100),
    ServerTime: new Date(now).toISOString().replace(/\.\d+Z/, "Z"),
    MaxAllowedSkewMilliseconds: SKEW_MS,
  });
}
