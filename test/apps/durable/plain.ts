/** What an execution may call that is none. */
export const handler = (event: { fails?: boolean; large?: number }) => {
  if (event.fails === true) throw new RangeError("the plain function fails");
  return event.large === undefined ? { plain: event } : "x".repeat(event.large);
};
