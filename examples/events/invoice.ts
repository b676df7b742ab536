/** Gets the orders that are paid, whoever publishes them. */
interface Paid {
  id: string;
  detail: { order: string; amount: number };
}

export function handler({ id, detail }: Paid): string {
  return `invoice for ${detail.order}: ${detail.amount} (event ${id})`;
}
