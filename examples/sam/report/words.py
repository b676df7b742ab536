def headline(text):
    return f"Report: {text}"
