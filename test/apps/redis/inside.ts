// Uses a store by Redis' protocol, from inside a machine, and by env.KV.
import { Redis } from "ioredis";

export default {
  async fetch(
    request: Request,
    env: { KV: { get(key: string): Promise<string | null>; put(key: string, value: string): Promise<unknown> } },
  ): Promise<Response> {
    const redis = new Redis({ host: "redis.services.mayfly.internal", retryStrategy: () => null, maxRetriesPerRequest: 0 });
    try {
      await env.KV.put("by-kv", await request.text());
      await redis.rpush("list", "a", "b");
      await redis.set("by-redis", "yes");
      return Response.json([await redis.get("by-kv"), await env.KV.get("by-redis"), await redis.lrange("list", 0, -1)]);
    } catch (error) {
      return Response.json({ failed: String(error) });
    } finally {
      redis.disconnect();
    }
  },
};
