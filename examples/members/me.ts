/**
 * Greets members, who show a token (a JWT) of their issuer. Who is let in stands in mayfly.json, and the gateway checks it: this code runs for members
 * only, and reads from headers who it is. Callers cannot set these headers.
 *
 *     TOKEN=$(node examples/members/issue.mjs ada)     # makes keys.json, the issuer's public key, at its first run
 *     mayfly deploy examples/members
 *     curl -i http://127.0.0.1:8080/members/me         # 401
 *     curl -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8080/members/me
 *     curl -i -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8080/members/staff     # 403: ada's token has no role
 *     curl -H "Authorization: Bearer $(node examples/members/issue.mjs eve staff)" http://127.0.0.1:8080/members/staff
 */
export default {
  fetch(request: Request): Response {
    const name = decodeURIComponent(request.headers.get("x-mayfly-caller") ?? "");
    const claims = JSON.parse(Buffer.from(request.headers.get("x-mayfly-caller-claims") ?? "", "base64url").toString()) as { exp: number };
    return new Response(`Hello, ${name}! Your token holds until ${new Date(claims.exp * 1_000).toISOString()}.\n`);
  },
};
