/**
 * Takes photos and gives out their thumbnails, which shrink.ts makes once a photo is in the bucket, whoever put it there.
 *
 * mayfly deploy examples/thumbnails
 * curl -T examples/thumbnails/lake.jpg http://127.0.0.1:8080/thumbnails/photos/lake.jpg
 * curl -o small.jpg http://127.0.0.1:8080/thumbnails/photos/lake.jpg
 * mayfly trigger list thumbnails
 */
import type { R2Bucket } from "mayfly/types";

export default {
  async fetch(request: Request, { PHOTOS, SMALL }: Record<"PHOTOS" | "SMALL", R2Bucket>): Promise<Response> {
    const key = decodeURIComponent(new URL(request.url).pathname.slice(1));
    if (!/^[\w-]{1,100}\.jpg$/.test(key)) return new Response("Name a photo, such as lake.jpg.\n", { status: 400 });
    if (request.method === "PUT") {
      const { size } = (await PHOTOS.put(key, request.body, { httpMetadata: { contentType: "image/jpeg" } }))!;
      return Response.json({ key, size }, { status: 201 });
    }
    const small = await SMALL.get(key);
    if (small === null || !("body" in small)) return new Response("There is no such thumbnail, or not yet.\n", { status: 404 });
    const headers = new Headers({ etag: small.httpEtag });
    small.writeHttpMetadata(headers);
    return new Response(small.body, { headers });
  },
};
