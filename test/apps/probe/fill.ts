/** Takes ?mb= of memory, outside of V8's heap, and tells how much it got. */
export default {
  fetch(request: Request): Response {
    const megabytes = Number(new URL(request.url).searchParams.get("mb"));
    const taken = Array.from({ length: megabytes }, () => Buffer.alloc(1_048_576, 1));
    return new Response(String(taken.length));
  },
};
