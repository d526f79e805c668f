"""What the external checkers share: their arguments, what is expected, and a line for every check."""

import json
import sys
import traceback


class Expected:
    """What the model says of some rows, as a JSON document on standard input.

    `features` names the columns of `rows`; `predict` and `predict_proba` have an entry a row.
    """

    def __init__(self, document):
        self.model = document["model"]
        self.version = document["version"]
        self.features = document["features"]
        self.classes = document["classes"]
        self.rows = document["rows"]
        self.predict = document["predict"]
        self.predict_proba = document["predict_proba"]


class Checks:
    """Runs checks, prints a line for each, and remembers whether all held."""

    def __init__(self):
        self.passed = 0
        self.failed = 0

    def check(self, name, condition, shown=""):
        """One check that has been made: what does not hold is shown."""
        if condition:
            self.passed += 1
            print(f"ok {name}")
        else:
            self.failed += 1
            print(f"FAILED {name}: {shown}")

    def run(self, name, function):
        """A group of checks; an exception fails it, and the next group follows."""
        try:
            function()
        except Exception as error:  # Whatever a client raises is a failed check, not the checker's end.
            self.check(name, False, f"{type(error).__name__}: {error}")
            traceback.print_exc(limit=-4, file=sys.stdout)

    def close(self):
        """Prints the counts; the exit status says whether every check held."""
        print(f"{self.passed} passed, {self.failed} failed")
        sys.exit(0 if self.failed == 0 and self.passed > 0 else 1)


def arguments():
    """The protocol, the base URL (`http://HOST:PORT[/PREFIX]`) and what is expected."""
    if len(sys.argv) != 3 or sys.argv[1] not in ["v1", "v2"] or not sys.argv[2].startswith("http://"):
        sys.exit(f"usage: {sys.argv[0]} v1|v2 http://HOST:PORT[/PREFIX] < expected.json")
    return sys.argv[1], sys.argv[2].rstrip("/"), Expected(json.load(sys.stdin))


def close_to(actual, expected, tolerance):
    """Whether nested lists of numbers are equal up to a tolerance."""
    if isinstance(expected, list):
        return len(actual) == len(expected) and all(map(close_to, actual, expected, [tolerance] * len(expected)))
    return abs(actual - expected) <= tolerance
