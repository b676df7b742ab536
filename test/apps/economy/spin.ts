/** Computes for ?ms= milliseconds, for example ?ms=20. */
export default {
  fetch(request: Request): Response {
    spin(Number(new URL(request.url).searchParams.get("ms") ?? 20));
    return new Response("spun");
  },
};

export function spin(ms: number): void {
  for (const until = performance.now() + ms; performance.now() < until;);
}
