/**
 * Gives a report to whoever has a signed URL of it, for as long as the URL holds.
 *
 *     curl -i http://127.0.0.1:8080/members/report/2026     # 401
 *     curl "$(mayfly sign members/report --path /2026 --for 10m)"
 */
export default {
  fetch(request: Request): Response {
    return new Response(`The report of ${new URL(request.url).pathname.slice(1) || "no year"}, for whoever comes by "${way(request)}".\n`);
  },
};

function way({ headers }: Request): string {
  return headers.get("x-mayfly-caller-way") ?? "no way at all";
}
