"""Holds rendered manifests against the schemas of Kubernetes and of custom resources; unknown fields are errors.

usage: manifests.py CRD_DIRECTORY KUBERNETES_VERSION FILE...

A line for each fault, `FILE: KIND NAMESPACE/NAME: PATH: what is wrong`, and status 1; else the number of objects.
Rules that custom resources state in CEL are not evaluated.
"""

import sys
from pathlib import Path

import jsonschema
import kubernetes_validate
import yaml

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def strict(schema):
    """A schema of a custom resource as JSON Schema that refuses fields which an API server would drop."""
    if schema.get("x-kubernetes-int-or-string"):
        return {"type": ["integer", "string"], **{k: v for k, v in schema.items() if k == "pattern"}}
    # Formats are not checked by jsonschema without more packages, and some are Kubernetes' own.
    result = {key: value for key, value in schema.items() if key not in ("format", "description")}
    if "properties" in schema:
        result["properties"] = {name: strict(inner) for name, inner in schema["properties"].items()}
        if not schema.get("x-kubernetes-preserve-unknown-fields"):
            result.setdefault("additionalProperties", False)
    for key in ("additionalProperties", "items"):
        if isinstance(schema.get(key), dict):
            result[key] = strict(schema[key])
    if schema.get("nullable") and "type" in result:
        result["type"] = [result["type"], "null"]
    return result


def custom_resources(directory):
    """Validators by API version and kind."""
    validators = {}
    for file in sorted(directory.glob("*.yaml")):
        spec = yaml.load(file.read_text(), Loader=LOADER)["spec"]
        for version in spec["versions"]:
            schema = strict(version["schema"]["openAPIV3Schema"])
            # These two are Kubernetes' own, and the status is nobody's to apply.
            schema["properties"]["metadata"] = {"type": "object"}
            schema["properties"].pop("status", None)
            key = (f"{spec['group']}/{version['name']}", spec["names"]["kind"])
            validators[key] = jsonschema.Draft202012Validator(schema)
    return validators


def faults(document, validators, version):
    """What is wrong with one object."""
    validator = validators.get((document.get("apiVersion"), document.get("kind")))
    errors = list(validator.iter_errors(document)) if validator else []
    if validator:
        # Metadata has the same schema everywhere.
        document = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": document.get("metadata")}
    try:
        kubernetes_validate.validate(document, version, strict=True)
    except kubernetes_validate.ValidationError as error:
        errors.append(error)
    except (kubernetes_validate.SchemaNotFoundError, KeyError) as error:
        return [f"no schema for {document.get('apiVersion')} {document.get('kind')} ({error!r})"]
    return [f"{'/'.join(map(str, error.path)) or '.'}: {error.message[:300]}" for error in errors]


def main(crds, version, *files):
    validators = custom_resources(Path(crds))
    if not validators:
        sys.exit(f"no custom resources in {crds}")
    wrong, objects = 0, 0
    for file in files:
        for document in filter(None, yaml.load_all(Path(file).read_text(), Loader=LOADER)):
            objects += 1
            metadata = document.get("metadata") or {}
            name = f"{document.get('kind')} {metadata.get('namespace', '')}/{metadata.get('name')}"
            for fault in faults(document, validators, version):
                wrong += 1
                print(f"{file}: {name}: {fault}")
    if wrong:
        sys.exit(1)
    print(f"{objects} objects in {len(files)} {'file' if len(files) == 1 else 'files'}")


if __name__ == "__main__":
    main(*sys.argv[1:])
