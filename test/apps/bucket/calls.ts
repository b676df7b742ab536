import { request as ask } from "node:http";
import type { R2Bucket } from "mayfly/types";

type Step =
  | ["get" | "head" | "put" | "delete" | "list", ...args: string[]]
  | ["s3", method: string, path: string, body?: string, copyOf?: string];

// Carries out what the caller asks for, by env.FILES or by S3's protocol as it is, and returns what came of each.
export default {
  async fetch(request: Request, { FILES }: { FILES: R2Bucket }): Promise<Response> {
    const results: unknown[] = [];
    for (const step of (await request.json()) as Step[])
      results.push(await outcome(FILES, step).catch((error) => error.code ?? error.name));
    return Response.json(results);
  },
};

async function outcome(files: R2Bucket, [what, ...args]: Step): Promise<unknown> {
  const [first = "", second = "", third, fourth] = args;
  if (what === "s3") return s3(first, second, third, fourth);
  if (what === "head") return (await files.head(first))?.size ?? null;
  if (what === "put") return (await files.put(first, second))!.size;
  if (what === "delete") return (await files.delete(first)) ?? "deleted";
  if (what === "list") return (await files.list()).objects.map(({ key }) => key);
  const object = await files.get(first);
  return object !== null && "body" in object ? object.text() : null;
}

/** The status and, of an error, its code. */
function s3(method: string, path: string, body = "", copyOf?: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const sent = ask(`${process.env["AWS_ENDPOINT_URL_S3"]}${path}`, {
      method,
      headers: copyOf === undefined ? {} : { "x-amz-copy-source": copyOf },
    });
    sent.on("error", reject);
    sent.on("response", async (response) => {
      const text = (await response.toArray()).join("");
      const code = /<Code>(\w+)</.exec(text)?.[1];
      resolve(code === undefined ? response.statusCode : [response.statusCode, code]);
    });
    sent.end(body);
  });
}
