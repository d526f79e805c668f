"""Tells schemathesis what JSON Schema cannot say of raw readings, so that it sends no body of which the document
says nothing: readings of a group have different times, and a gap is filled from the readings around it."""

from datetime import datetime

import schemathesis

RAW = "RawReading"


def instant(time):
    """Seconds since 1970, or what else stands there."""
    try:
        return datetime.fromisoformat(time).timestamp()
    except (TypeError, ValueError):
        return time


@schemathesis.hook
def filter_body(context, body):
    """Keeps a body unless two of its readings have one time, or one of several has a gap."""
    readings = body.get("readings") if isinstance(body, dict) else None
    if not isinstance(readings, list) or len(readings) < 2 or not all(isinstance(reading, dict) for reading in readings):
        return True
    schema = context.operation.schema.raw_schema["components"]["schemas"].get(RAW, {"required": []})
    times = [str(instant(reading.get("Timestamp"))) for reading in readings]
    has_gap = any(reading.get(name) is None for reading in readings for name in schema["required"])
    return not has_gap and len(set(times)) == len(times)
