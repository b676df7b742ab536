import { get, request } from "node:http";
import { text } from "node:stream/consumers";
import type { R2Bucket, R2ObjectBody } from "mayfly/types";

const ours = "0a".repeat(32);
const MIB = 1_048_576;

// Keeps objects that are encrypted with keys of the app's own, and by the host.
export default {
  async fetch(_request: Request, { FILES }: { FILES: R2Bucket }): Promise<Response> {
    const ssecKey = ours;
    const failure = (error: { code?: string; name: string }) => error.code ?? error.name;
    const put = (await FILES.put("own/ours", "hello", { ssecKey, customMetadata: { who: "us" } }))!;
    const head = (await FILES.head("own/ours", { ssecKey: Buffer.from(ours, "hex") }))!;
    const read = async (key: string, more: object) => ((await FILES.get(key, { ssecKey, ...more })) as R2ObjectBody).text();
    const upload = await FILES.createMultipartUpload("own/parts", { ssecKey });
    const last = await FILES.resumeMultipartUpload("own/parts", upload.uploadId).uploadPart(2, "end", { ssecKey });
    const large = await upload.complete([await upload.uploadPart(1, new Uint8Array(5 * MIB)), last]);
    const results = {
      put: [put.ssecKeyMd5, head.ssecKeyMd5, head.checksums],
      text: await read("own/ours", {}),
      part: await read("own/ours", { range: { offset: 1, length: 3 } }),
      without: await FILES.get("own/ours").catch(failure),
      wrong: await FILES.get("own/ours", { ssecKey: "0b".repeat(32) }).catch(failure),
      short: await FILES.get("own/ours", { ssecKey: "0b" }).catch(failure),
      large: [large.size, await read("own/parts", { range: { suffix: 3 } })],
      list: (await FILES.list({ include: ["customMetadata"], prefix: "own/" })).objects.map((each) => [
        each.key,
        each.customMetadata,
        each.size,
      ]),
      byHost: await byHost(),
    };
    await FILES.delete(["own/ours", "own/parts", "host"]);
    return Response.json(results);
  },
};

async function byHost(): Promise<[string | undefined, string]> {
  const url = `${process.env["AWS_ENDPOINT_URL_S3"]}/files/host`;
  const sent = request(url, { method: "PUT", headers: { "x-amz-server-side-encryption": "AES256", "content-length": "5" } });
  const answered = new Promise<import("node:http").IncomingMessage>((resolve) => sent.once("response", resolve));
  sent.end("hello");
  (await answered).resume();
  const reply = await new Promise<import("node:http").IncomingMessage>((resolve) => get(url, resolve));
  return [reply.headers["x-amz-server-side-encryption"] as string | undefined, await text(reply)];
}
