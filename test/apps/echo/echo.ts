/** Returns the request's body, each chunk as it arrives. */
export default {
  fetch(request: Request): Response {
    return new Response(request.body, { headers: { "x-method": request.method } });
  },
};
