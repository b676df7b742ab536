/**
 * Makes a thumbnail of each photo that comes into the bucket, in pure JavaScript. Its trigger is in mayfly.json. It writes to another bucket: what it wrote beside the photos
 * would start it again.
 */
import jpeg from "jpeg-js";
import type { R2Bucket } from "mayfly/types";

const WIDTH = 48;

interface Uploaded {
  key: string;
  bytes: number;
}

interface Picture {
  width: number;
  height: number;
  /** RGBA, four bytes per pixel. */
  data: Uint8Array;
}

export async function handler({ key, bytes }: Uploaded, { env }: { env: Record<"PHOTOS" | "SMALL", R2Bucket> }): Promise<void> {
  const photo = await env.PHOTOS.get(key);
  // It may have been removed, or replaced, since the event was made.
  if (photo === null || !("body" in photo)) return console.log(`${key} is gone`);
  const picture = decode(await photo.bytes());
  if (picture === undefined) return console.warn(`${key} is no JPEG`);
  const small = jpeg.encode(shrink(picture, Math.min(WIDTH, picture.width)), 80);
  await env.SMALL.put(key, new Uint8Array(small.data), { httpMetadata: { contentType: "image/jpeg" }, customMetadata: { of: photo.etag } });
  console.log(`${key}: ${bytes} bytes became ${small.data.length}`);
}

/** What is no picture will not become one by trying again. */
function decode(bytes: Uint8Array): Picture | undefined {
  try {
    return jpeg.decode(bytes, { useTArray: true, maxMemoryUsageInMB: 128 });
  } catch {
    return undefined;
  }
}

/** Each new pixel is the mean of the old pixels that it covers. */
function shrink(from: Picture, width: number): Picture & { data: Buffer } {
  const scale = from.width / width;
  const height = Math.max(1, Math.round(from.height / scale));
  const data = Buffer.alloc(width * height * 4);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) data.set(meanColour(from, x, y, scale), (y * width + x) * 4);
  return { width, height, data };
}

function meanColour({ width, height, data }: Picture, x: number, y: number, scale: number): number[] {
  const [right, bottom] = [Math.min(width, Math.ceil((x + 1) * scale)), Math.min(height, Math.ceil((y + 1) * scale))];
  const sum = [0, 0, 0, 0];
  let pixels = 0;
  for (let row = Math.min(height - 1, Math.floor(y * scale)); row < bottom; row++)
    for (let column = Math.floor(x * scale); column < right; column++, pixels++)
      for (let channel = 0; channel < 4; channel++) sum[channel]! += data[(row * width + column) * 4 + channel]!;
  return sum.map((total) => Math.round(total / pixels));
}
