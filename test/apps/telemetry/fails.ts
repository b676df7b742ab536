export default {
  fetch(): Response {
    throw new Error("on purpose");
  },
};
