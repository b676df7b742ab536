print("there is no database")
raise ValueError("it cannot begin")


def handler(event, context):
    return "never called"
