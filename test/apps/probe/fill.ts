/** Takes ?mb= MB of memory outside V8's heap, and reports how much it got. */
export default {
  fetch(request: Request): Response {
    const megabytes = Number(new URL(request.url).searchParams.get("mb"));
    const taken = Array.from({ length: megabytes }, () => Buffer.alloc(1_048_576, 1));
    return new Response(String(taken.length));
  },
};
