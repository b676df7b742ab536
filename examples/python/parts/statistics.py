def summary(values):
    return {"count": len(values), "sum": sum(values)}
