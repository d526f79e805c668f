"""Checks a CycloneDX bill of materials, read from standard input: by the schema of the specification, unknown fields
refused, and by what the libraries for package URLs and licence expressions make of what it names."""

import json
import sys

from cyclonedx.schema import SchemaVersion
from cyclonedx.spdx import is_expression
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

text = sys.stdin.read()
faults = []
if error := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
    faults.append(f"schema: {error.data}")
bill = json.loads(text)
for component in [bill["metadata"]["component"], *bill["components"]]:
    name = component["name"]
    for choice in component["licenses"]:
        if not is_expression(choice["expression"]):
            faults.append(f"{name}: licence {choice['expression']}")
    if component["type"] == "machine-learning-model":
        continue
    purl = PackageURL.from_string(component["purl"])
    if purl.to_string() != component["purl"] or (purl.name, purl.version) != (name, component["version"]):
        faults.append(f"{name}: {component['purl']} is {purl}")
print("\n".join(faults), end="")
sys.exit(bool(faults))
