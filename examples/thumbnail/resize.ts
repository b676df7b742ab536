/**
 * Makes a thumbnail of a JPEG in pure JavaScript. It computes, so only a few invocations share a machine: see `concurrency` in mayfly.json.
 *
 * mayfly deploy examples/thumbnail
 * curl --data-binary @examples/thumbnail/lake.jpg -o small.jpg 'http://127.0.0.1:8080/thumbnail/resize?width=64'
 */
import jpeg from "jpeg-js";

interface Picture {
  width: number;
  height: number;
  /** RGBA, four bytes per pixel. */
  data: Uint8Array;
}

export default {
  async fetch(request: Request): Promise<Response> {
    if (request.method !== "POST") return new Response("POST a JPEG\n", { status: 405, headers: { allow: "POST" } });
    const width = Number(new URL(request.url).searchParams.get("width") ?? 64);
    if (!Number.isInteger(width) || width < 1 || width > 1024) return new Response("width must be 1 to 1024\n", { status: 400 });
    const picture = decode(new Uint8Array(await request.arrayBuffer()));
    if (!picture) return new Response("that is no JPEG\n", { status: 415 });
    const small = jpeg.encode(shrink(picture, Math.min(width, picture.width)), 80);
    return new Response(new Uint8Array(small.data), { headers: { "content-type": "image/jpeg" } });
  },
};

function decode(bytes: Uint8Array): Picture | undefined {
  try {
    return jpeg.decode(bytes, { useTArray: true, maxMemoryUsageInMB: 128 });
  } catch (error) {
    console.warn(`not decoded: ${(error as Error).message}`);
    return undefined;
  }
}

/** Each new pixel is the mean of the old pixels that it covers. */
function shrink(from: Picture, width: number): Picture & { data: Buffer } {
  const height = Math.max(1, Math.round((from.height * width) / from.width));
  const data = Buffer.alloc(width * height * 4);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      data.set(meanColour(from, x / width, (x + 1) / width, y / height, (y + 1) / height), (y * width + x) * 4);
    }
  }
  return { width, height, data };
}

function meanColour(from: Picture, left: number, right: number, top: number, bottom: number): number[] {
  const sum = [0, 0, 0, 0];
  let pixels = 0;
  for (let y = Math.floor(top * from.height); y < Math.ceil(bottom * from.height); y++) {
    for (let x = Math.floor(left * from.width); x < Math.ceil(right * from.width); x++, pixels++) {
      for (let channel = 0; channel < 4; channel++) sum[channel]! += from.data[(y * from.width + x) * 4 + channel]!;
    }
  }
  return sum.map((total) => Math.round(total / pixels));
}
