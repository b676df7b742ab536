import { GetObjectCommand, ListBucketsCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";

// AWS's own client, with nothing but what it finds in its environment.
const client = new S3Client({});

export default {
  async fetch(request: Request): Promise<Response> {
    const { bucket, key, text } = (await request.json()) as { bucket: string; key: string; text?: string };
    try {
      if (text !== undefined) await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: text }));
      const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
      const { Buckets } = await client.send(new ListBucketsCommand({}));
      return Response.json({ text: await Body!.transformToString(), buckets: Buckets!.map(({ Name }) => Name) });
    } catch (error) {
      return Response.json({ failed: (error as Error).name });
    }
  },
};
