import type { R2Bucket, R2ObjectBody } from "mayfly/types";

const SHA256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
const MIB = 1_048_576;

// What code for R2 does with the headers of its callers, with large objects and with digests.
export default {
  async fetch(_request: Request, { FILES }: { FILES: R2Bucket }): Promise<Response> {
    const key = "picture";
    const httpMetadata = new Headers({ "content-type": "image/png", "cache-control": "no-store", cookie: "secret" });
    const put = (await FILES.put(key, "hello", { httpMetadata, sha256: SHA256, storageClass: "InfrequentAccess" }))!;
    const part = (await FILES.get(key, { range: new Headers({ range: "bytes=1-2" }) })) as R2ObjectBody;
    const unchanged = (await FILES.get(key, { onlyIf: new Headers({ "if-none-match": put.httpEtag }) }))!;
    const failure = (error: { code?: string; name: string }) => error.code ?? error.name;
    const upload = await FILES.createMultipartUpload("large", { customMetadata: { who: "ö" } });
    const last = await FILES.resumeMultipartUpload("large", upload.uploadId).uploadPart(2, "end");
    const large = await upload.complete([last, await upload.uploadPart(1, new Uint8Array(5 * MIB))]);
    const given = await FILES.createMultipartUpload("given up");
    await given.abort();
    return Response.json({
      metadata: (await FILES.head(key))!.httpMetadata,
      part: [await part.text(), part.range, part.size],
      unchanged: "body" in unchanged,
      taken: await FILES.put(key, "other", { onlyIf: new Headers({ "if-none-match": "*" }) }),
      byTime: await FILES.put(key, "other", { onlyIf: new Headers({ "if-unmodified-since": new Date(0).toUTCString() }) }).catch(failure),
      wrong: await FILES.put(key, "other", { sha256: SHA256 }).catch(failure),
      several: await FILES.put(key, "other", { sha256: SHA256, md5: put.etag }).catch(failure),
      checksums: (await FILES.head(key))!.checksums,
      large: [large.size, large.customMetadata, await tailOf(FILES)],
      given: await given.uploadPart(1, "late").catch(failure),
      list: (await FILES.list({ include: ["customMetadata", "httpMetadata"] })).objects.map((each) => [
        each.key,
        each.customMetadata,
        each.httpMetadata.contentType ?? null,
        each.storageClass,
      ]),
    });
  },
};

async function tailOf(files: R2Bucket): Promise<string> {
  return ((await files.get("large", { range: { suffix: 3 } })) as R2ObjectBody).text();
}
