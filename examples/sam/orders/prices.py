def price_of(order):
    return 10 * len(order)
