/** Replies never; says in the log when its caller gives up. */
export default {
  async fetch(request: Request): Promise<Response> {
    console.log("hanging");
    await new Promise((resolve) => request.signal.addEventListener("abort", resolve, { once: true }));
    console.log("aborted");
    return new Response("too late");
  },
};
