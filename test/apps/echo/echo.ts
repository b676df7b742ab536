/** Sends the request's body back, each chunk as it arrives. */
export default {
  fetch(request: Request): Response {
    return new Response(request.body, { headers: { "x-method": request.method } });
  },
};
