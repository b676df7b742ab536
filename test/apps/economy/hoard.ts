/** Holds ?mb= MB of memory from its first call on. */
const held: Buffer[] = [];

export default {
  fetch(request: Request): Response {
    const megabytes = Number(new URL(request.url).searchParams.get("mb"));
    while (held.length < megabytes) held.push(Buffer.alloc(1_048_576, 1));
    return new Response("held");
  },
};
