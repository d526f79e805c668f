"""Tells schemathesis what JSON Schema cannot say, so that it sends no body of which the document says nothing:

- raw readings of a group have different times, and a gap is filled from the readings around it;
- an instance of V1 that is an object writes whole numbers without a fraction, where JSON Schema takes 63.0 for 63.
"""

from datetime import datetime

import schemathesis

RAW = "RawReading"


def instant(time):
    """Seconds since 1970, or what else stands there."""
    try:
        return datetime.fromisoformat(time).timestamp()
    except (TypeError, ValueError):
        return time


def objects(body, name):
    """The objects of a list in a body; none where there is anything else."""
    found = body.get(name) if isinstance(body, dict) else None
    return found if isinstance(found, list) and all(isinstance(row, dict) for row in found) else []


def is_series(readings, schema):
    """Whether no two readings have one time and none of several has a gap."""
    times = {str(instant(reading.get("Timestamp"))) for reading in readings}
    has_gap = any(reading.get(name) is None for reading in readings for name in schema["required"])
    return len(readings) < 2 or not has_gap and len(times) == len(readings)


def is_plain(instance):
    """Whether no whole number of an instance has a fraction."""
    return not any(isinstance(value, float) and value.is_integer() for value in instance.values())


@schemathesis.hook
def filter_body(context, body):
    """Keeps what the document says something of."""
    schemas = context.operation.schema.raw_schema["components"]["schemas"]
    is_v1 = context.operation.path.startswith("/v1/")
    return is_series(objects(body, "readings"), schemas.get(RAW, {"required": []})) and not (
        is_v1 and not all(map(is_plain, objects(body, "instances")))
    )
