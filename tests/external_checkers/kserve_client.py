"""KServe's own REST client checks the Open Inference Protocol, and V1, of a server."""

import asyncio
import importlib.util
import sys
import types

# `import kserve` runs a file that imports the Kubernetes client and a web server. The inference client needs
# neither, so it is imported past that file, from the same package, unchanged.
package = types.ModuleType("kserve")
package.__path__ = list(importlib.util.find_spec("kserve").submodule_search_locations)
sys.modules["kserve"] = package

import httpx
import numpy as np
from kserve.inference_client import InferenceRESTClient, RESTConfig
from kserve.protocol.infer_type import InferInput, InferRequest, RequestedOutput

from checks import Checks, arguments, close_to

protocol, url, expected = arguments()
model = expected.model
checks = Checks()


def request(data=None, binary=False, datatype="FP64", **keywords):
    """The rows as one tensor."""
    rows = np.array(expected.rows if data is None else data, dtype=np.float64 if datatype == "FP64" else np.float32)
    tensor = InferInput("input", list(rows.shape), datatype)
    tensor.set_data_from_numpy(rows, binary_data=binary)
    return InferRequest(model, [tensor], **keywords)


def check_answer(name, answer, tolerance=1e-12):
    """The default outputs hold what is expected."""
    outputs = {output.name: output.as_numpy() for output in answer.outputs}
    checks.check(f"{name}: classes", outputs["predict"].tolist() == expected.predict, outputs)
    good = close_to(outputs["predict_proba"].tolist(), expected.predict_proba, tolerance)
    checks.check(f"{name}: probabilities", good, outputs)


async def check_refused(name, call, status, *words):
    """The call raises, with the server's own words in the exception."""
    try:
        shown = await call
    except httpx.HTTPStatusError as error:
        shown = str(error)
        good = error.response.status_code == status and all(word in shown for word in words)
    else:
        good = False
    checks.check(f"refused: {name}", good, shown)


async def health(client):
    checks.check("live", await client.is_server_live(url) is True)
    checks.check("ready", await client.is_server_ready(url) is True)
    checks.check("model ready", await client.is_model_ready(url, model) is True)
    checks.check("unknown model is not ready", await client.is_model_ready(url, "nobody") is False)


async def infer(client):
    check_answer("JSON", await client.infer(url, request(), model_name=model))
    check_answer("binary in", await client.infer(url, request(binary=True), model_name=model))
    both = request(binary=True, parameters={"binary_data_output": True})
    check_answer("binary in and out", await client.infer(url, both, model_name=model))
    single = request(np.float32(expected.rows).astype(np.float64).tolist(), datatype="FP32")
    answer = await client.infer(url, single, model_name=model)
    checks.check("FP32", [len(output.data) for output in answer.outputs][0] == len(expected.rows), answer)
    answer = await client.infer(url, request(request_id="request-9"), model_name=model)
    checks.check("request id is echoed", answer.id == "request-9", answer.id)
    labels = request(request_outputs=[RequestedOutput("label")])
    answer = await client.infer(url, labels, model_name=model)
    shown = [(output.name, list(output.data)) for output in answer.outputs]
    checks.check("labels", shown == [("label", [expected.classes[index] for index in expected.predict])], shown)
    shape = [len(expected.rows), len(expected.features)]
    nested = {"inputs": [{"name": "input", "shape": shape, "datatype": "FP64", "data": expected.rows}]}
    check_answer("a document with nested data", await client.infer(url, nested, model_name=model))


async def refusals(client):
    nobody = client.infer(url, request(), model_name="nobody")
    await check_refused("unknown model", nobody, 404, "Request for unknown model")
    narrow = request([row[1:] for row in expected.rows])
    await check_refused("a column less", client.infer(url, narrow, model_name=model), 400, "shape")
    await check_refused("an empty document", client.infer(url, {}, model_name=model), 400, "inputs")


async def version_1(client):
    checks.check("V1: live", await client.is_server_live(url) is True)
    checks.check("V1: model ready", await client.is_model_ready(url, model) is True)
    answer = await client.infer(url, {"instances": expected.rows}, model_name=model)
    checks.check("V1: predict", answer["predictions"] == expected.predict, answer)
    await check_refused("V1: unknown model", client.infer(url, {"instances": expected.rows}, model_name="nobody"), 404)


async def check(groups):
    async with InferenceRESTClient(RESTConfig(protocol=protocol)) as client:
        for group in groups:
            try:
                await group(client)
            except Exception as error:  # Whatever a client raises is a failed check, not the checker's end.
                checks.check(group.__name__, False, f"{type(error).__name__}: {error}")


asyncio.run(check([health, infer, refusals] if protocol == "v2" else [version_1]))
checks.close()
