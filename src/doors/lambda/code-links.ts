/**
 * Addresses at which the zip files of functions and layers can be fetched for a while, as those of AWS in S3: whoever has the address may fetch the file, and an
 * address says nothing of any other.
 */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { pipeline } from "node:stream/promises";
import { MayflyError } from "../../base/errors/error.ts";
import type { Clock } from "../../base/clock/clock.ts";
import { AwsError } from "../../control/lambda/aws-error.ts";
import type { Zips } from "../../store/lambda/lambda-store.ts";
import type { ZipCode } from "../../store/lambda/records.ts";
import type { OpenRoute } from "./door.ts";

export interface CodeLinks {
  /** @param host the Host header of the request that asks */
  of(code: ZipCode, host: string | undefined): string;
  route: OpenRoute;
}

const VALID_MS = 600_000;
const PREFIX = "/2015-03-31/mayfly-code/";

/** Addresses are valid until the server ends, at most. @param isTls whether the door is one of https */
export function createCodeLinks(zips: Pick<Zips, "stream">, clock: Pick<Clock, "wall">, isTls: boolean): CodeLinks {
  const secret = randomBytes(32);
  const sign = (digest: string, size: number, until: number) =>
    createHmac("sha256", secret).update(`${digest} ${size} ${until}`).digest("hex");
  return {
    of({ digest, size }, host = "localhost") {
      const until = Math.ceil(clock.wall()) + VALID_MS;
      const query = new URLSearchParams({ size: String(size), until: String(until), signature: sign(digest, size, until) });
      return `${isTls ? "https" : "http"}://${host}${PREFIX}${digest}?${query.toString()}`;
    },
    route: {
      prefix: PREFIX,
      async handle(path, query, response) {
        const digest = path.slice(PREFIX.length);
        const [size, until] = [Number(query.get("size")), Number(query.get("until"))];
        const [given, wanted] = [query.get("signature") ?? "", sign(digest, size, until)].map((text) => Buffer.from(text));
        const isRight = given!.length === wanted!.length && timingSafeEqual(given!, wanted!);
        if (!isRight || !(clock.wall() < until)) throw new AwsError("AccessDeniedException", "Request has expired");
        const bytes = await zips.stream({ digest, size, sha256: "" });
        response.writeHead(200, { "content-type": "application/zip", "content-length": size });
        // A client that leaves has what it wants; a file that turns out to be damaged ends before its end.
        await pipeline(bytes, response).catch((error: unknown) => {
          if (error instanceof MayflyError) throw error;
        });
        return null;
      },
    },
  };
}
