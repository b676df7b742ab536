/** Of no execution. */
export const handler = (event: { fails?: boolean }) => {
  if (event.fails === true) throw new RangeError("the plain callee fails");
  return { plain: event };
};
