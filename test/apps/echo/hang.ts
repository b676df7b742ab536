/** Never replies; writes to the log when its caller disconnects. */
export default {
  async fetch(request: Request): Promise<Response> {
    console.log("hanging");
    await new Promise((resolve) => request.signal.addEventListener("abort", resolve, { once: true }));
    console.log("aborted");
    return new Response("too late");
  },
};
