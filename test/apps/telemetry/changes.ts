/** Puts something into a key-value store and into a bucket, and says nothing of traces. */
import type { KVNamespace, R2Bucket } from "mayfly/types";

export default {
  async fetch(
    _request: Request,
    { STORE, FILES }: { STORE: KVNamespace; FILES: R2Bucket },
    { traceparent }: { traceparent: string },
  ): Promise<Response> {
    await STORE.put("a", "1");
    await FILES.put("a", "1");
    return new Response(traceparent);
  },
};
