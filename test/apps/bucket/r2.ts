import type { R2Bucket, R2Object, R2ObjectBody } from "mayfly/types";

const shown = async (object: R2Object | R2ObjectBody | null) =>
  object && {
    key: object.key,
    size: object.size,
    etag: object.etag,
    type: object.httpMetadata.contentType,
    metadata: object.customMetadata,
    ...("body" in object && { text: await object.text() }),
  };

// Does most of what a bucket can, and returns what came of it.
export default {
  async fetch(_request: Request, { FILES }: { FILES: R2Bucket }): Promise<Response> {
    const key = "a b/ä&<.txt";
    const put = await FILES.put(key, "hello", { httpMetadata: { contentType: "text/plain" }, customMetadata: { who: "ö" } });
    const results = {
      put: await shown(put),
      head: await shown(await FILES.head(key)),
      get: await shown(await FILES.get(key)),
      part: await shown(await FILES.get(key, { range: { offset: 1, length: 3 } })),
      none: await FILES.get("none"),
      headNone: await FILES.head("none"),
      unchanged: await shown(await FILES.get(key, { onlyIf: { etagDoesNotMatch: put!.etag } })),
      taken: await FILES.put(key, "other", { onlyIf: { etagDoesNotMatch: "*" } }),
      stream: (await FILES.put("b/stream", new Blob([new Uint8Array(300_000)]).stream()))?.size,
      wrong: await FILES.put("wrong", "hello", { md5: "0".repeat(32) }).catch((error: { code: string }) => error.code),
      list: (await FILES.list({ delimiter: "/" })).delimitedPrefixes,
      page: await FILES.list({ limit: 1 }).then(async ({ objects, truncated, cursor }) => {
        const next = await FILES.list({ cursor: cursor! });
        return [objects.map((each) => each.key), truncated, next.objects.map((each) => each.key), next.truncated];
      }),
    };
    await FILES.delete([key, "b/stream", "none"]);
    return Response.json({ ...results, left: (await FILES.list()).objects.length });
  },
};
