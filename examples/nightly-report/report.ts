/**
 * A report on the day before, made at three in the morning of each working day. Its result is kept with its event:
 *
 *   mayfly trigger list nightly-report
 *   mayfly trigger fire nightly-report nightly
 *   mayfly events list nightly-report
 *   mayfly events show nightly-report <event>
 */
interface Due {
  /** When the report was due. It may run later, and more than once: the day is that of this time, whenever it runs. */
  time: string;
}

export async function handler({ time }: Due): Promise<{ day: string; orders: number }> {
  const day = new Date(Date.parse(time) - 86_400_000).toISOString().slice(0, 10);
  console.log(`The report of ${day} is made.`);
  return { day, orders: (await ordersOf(day)).length };
}

/** Stands for a query of the shop's database. */
async function ordersOf(day: string): Promise<{ day: string }[]> {
  return [{ day }, { day }];
}
