/**
 * Makes a thumbnail of a JPEG with sharp, a native add-on: `external` in mayfly.json ships it as it is installed, 18 MB with its libraries.
 *
 * (cd examples/sharp && npm ci) && mayfly deploy examples/sharp
 * curl --data-binary @examples/thumbnail/lake.jpg -o small.jpg 'http://127.0.0.1:8080/sharp/resize?width=64'
 */
import sharp from "sharp";

export default {
  async fetch(request) {
    if (request.method !== "POST") return new Response("POST a picture\n", { status: 405, headers: { allow: "POST" } });
    const width = Number(new URL(request.url).searchParams.get("width") ?? 64);
    if (!Number.isInteger(width) || width < 1 || width > 1024) return new Response("width must be 1 to 1024\n", { status: 400 });
    try {
      const small = await sharp(await request.arrayBuffer())
        .resize({ width })
        .jpeg({ quality: 80 })
        .toBuffer();
      return new Response(new Uint8Array(small), { headers: { "content-type": "image/jpeg" } });
    } catch {
      return new Response("that is no picture\n", { status: 415 });
    }
  },
};
