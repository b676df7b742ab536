/** Does the same work as every reference program's function: six bytes of text. */
export default {
  fetch(): Response {
    return new Response("hello\n");
  },
};
